"""Forms that were opened before somebody signed in or out in another tab, and other failures of the CSRF check."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client

from portal.models import User
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.deployments_ui.changes import list_changes_sent
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.security.test_requests import OTHER_SITES

LOGIN = "/accounts/login/"


def open_form(client: Client, path: str = LOGIN) -> str:
    """The token of a form that is opened now."""
    client.get(path)
    return str(client.cookies["csrftoken"].value)


def sign_in(client: Client, user: User, *, token: str, **fields: str) -> Any:
    sent = {"login": user.email, "password": DEMO_PASSWORD, "csrfmiddlewaretoken": token, **fields}
    return client.post(LOGIN, sent)


@pytest.fixture
def two_tabs(world: World) -> tuple[Client, str]:
    """A browser in which both tabs showed the sign-in, and one has been sent; with the token of the other."""
    browser = Client(enforce_csrf_checks=True)
    token = open_form(browser)
    assert sign_in(browser, world.people.owner, token=token).status_code == 302
    return browser, token


def test_the_second_sign_in_leads_on(world: World, two_tabs: tuple[Client, str]) -> None:
    browser, token = two_tabs
    for next_url in (world.path, f"/c/{SLUG}/?state=live"):
        answer = sign_in(browser, world.people.owner, token=token, next=next_url)
        assert (answer.status_code, answer["Location"]) == (303, next_url)
    assert sign_in(browser, world.people.owner, token=token)["Location"] == "/"


@pytest.mark.parametrize("place", OTHER_SITES)
def test_it_leads_to_this_site_only(world: World, two_tabs: tuple[Client, str], place: str) -> None:
    browser, token = two_tabs
    assert sign_in(browser, world.people.owner, token=token, next=place)["Location"] == "/"


def test_the_second_as_somebody_else_says_who_is_signed_in(world: World, two_tabs: tuple[Client, str]) -> None:
    browser, token = two_tabs
    answer = sign_in(browser, world.people.viewer, token=token, next=world.path)
    page = browser.get(answer["Location"]).content.decode()
    assert f"You are signed in as {world.people.owner.email}" in page


def test_signing_out_twice_leads_to_the_sign_in(world: World, two_tabs: tuple[Client, str]) -> None:
    browser, _token = two_tabs
    token = open_form(browser, world.path)
    for _tab in range(2):
        answer = browser.post("/accounts/logout/", {"csrfmiddlewaretoken": token})
        assert answer["Location"].startswith(LOGIN)


def test_a_form_from_before_says_what_to_do_and_keeps_the_text(world: World, two_tabs: tuple[Client, str]) -> None:
    browser, token = two_tabs
    path = f"{world.path}publish/"
    typed = {"reason": "Spring <prices>", "password": "hunter2", "value": "sk-live-1", "env": "A=secret"}
    answer = browser.post(
        path, {"csrfmiddlewaretoken": token, **typed}, headers={"Referer": f"http://testserver{path}"}
    )
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 403
    assert "reload the page and send the form again" in page
    assert "You don't have permission" not in page
    assert f'href="{path}"' in page
    assert "Spring <prices>" in page
    for secret in ("hunter2", "sk-live-1", "A=secret"):
        assert secret not in page
    assert not list_changes_sent(world)


def test_a_dialog_keeps_its_form_and_shows_a_notice(world: World, two_tabs: tuple[Client, str]) -> None:
    browser, token = two_tabs
    sent = {"csrfmiddlewaretoken": token, "reason": "x"}
    answer = browser.post(f"{world.path}publish/", sent, **HTMX, HTTP_HX_CURRENT_URL=f"http://testserver{world.path}")
    assert answer.status_code == 403
    assert answer["HX-Retarget"] == "#notices"
    assert f'href="{world.path}"' in answer.content.decode()
    assert "reload the page" in answer.content.decode()


def test_each_cause_has_its_advice(world: World, two_tabs: tuple[Client, str]) -> None:
    browser, _token = two_tabs
    right = open_form(browser, world.path)
    foreign = browser.post(world.path, {"csrfmiddlewaretoken": right}, headers={"Origin": "https://evil.example"})
    assert "usual address" in foreign.content.decode()
    del browser.cookies["csrftoken"]
    without = browser.post(world.path, {"csrfmiddlewaretoken": right, "reason": "kept"})
    assert "Allow cookies" in without.content.decode()


def test_nobody_signed_in_sees_no_text_back(world: World) -> None:
    """Another site could show its own words here."""
    answer = Client(enforce_csrf_checks=True).post(world.path, {"reason": "Call 555-0199 now"})
    assert "555-0199" not in answer.content.decode()
