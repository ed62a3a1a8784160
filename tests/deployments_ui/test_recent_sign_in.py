"""What is sensitive needs a sign-in within the last five minutes, or a confirmation."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client
from pytest_django import Settings

from portal.models import EnvVarDraft
from tests.accounts.browser import confirm_by_password, let_pass, list_events, sign_in
from tests.deployments_ui.conftest import HTMX, World
from tests.hand_off.app import make_settings
from tests.people import People

SENSITIVE = ("env/set/", "delete/")


@pytest.fixture
def client(world: World) -> Client:
    """Signed in as an operator six minutes ago."""
    client = sign_in(world.people.operator)
    let_pass(client, 360)
    return client


@pytest.mark.parametrize("path", SENSITIVE)
def test_a_form_opens_after_a_confirmation(world: World, client: Client, path: str) -> None:
    url = f"{world.path}{path}"
    asked = client.get(url)
    assert asked["Location"] == f"/accounts/reauthenticate/?next={url.replace('/', '%2F')}"
    assert client.get(url, **HTMX)["HX-Redirect"] == asked["Location"]
    assert confirm_by_password(client, next_=url)["Location"] == url
    assert client.get(url).status_code == 200


def test_within_five_minutes_nothing_is_asked(world: World) -> None:
    client = sign_in(world.people.operator)
    let_pass(client, 280)
    assert client.get(f"{world.path}delete/").status_code == 200


def test_a_late_form_in_the_dialog_stays_open(world: World, client: Client) -> None:
    """The notice goes beside the form; the confirmation opens in another tab."""
    sent = {"name": world.main["name"], "reason": "typed"}
    with world.hearing_nothing():
        answer = client.post(f"{world.path}delete/", sent, **HTMX)
    assert (answer.status_code, answer["HX-Retarget"]) == (403, "#notices")
    notice = unescape(answer.content.decode())
    assert "Confirm it's you" in notice
    assert 'href="/accounts/reauthenticate/?next=%2Faccounts%2Fconfirmed%2F"' in notice
    assert 'target="_blank"' in notice


def test_a_late_form_without_javascript_keeps_what_was_typed(world: World, client: Client) -> None:
    page = client.post(f"{world.path}delete/", {"name": "x", "reason": "typed by me"})
    assert page.status_code == 403
    assert 'name="reason" value="typed by me"' in page.content.decode()


def test_a_late_secret_is_not_sent_back(world: World, client: Client) -> None:
    with world.hearing_nothing():
        page = client.post(f"{world.path}env/set/", {"name": "TOKEN", "value": "typed-secret-1"})
    assert page.status_code == 403
    assert "typed-secret-1" not in page.content.decode()
    assert not EnvVarDraft.objects.exists()


def test_a_wrong_password_confirms_nothing(world: World, client: Client) -> None:
    url = f"{world.path}delete/"
    page = confirm_by_password(client, "wrong", next_=url)
    assert "Incorrect password" in page.content.decode()
    assert client.get(url).status_code == 302
    assert [event.outcome for event in list_events("sign_in.failed")] == ["failed"]


def test_guesses_are_slowed_down(world: World, client: Client) -> None:
    client.cookies.pop("browser")
    pages = [confirm_by_password(client, "wrong").content.decode() for _ in range(6)]
    assert "too many attempts" in pages[-1]


def test_a_confirmation_leads_to_no_other_site(people: People) -> None:
    client = sign_in(people.owner)
    for evil in ("https://evil.example/", "//evil.example/", "http://testserver/find/", "/\\evil.example"):
        assert confirm_by_password(client, next_=evil)["Location"] == "/"


def test_people_from_another_app_go_back_there(people: People, settings: Settings) -> None:
    settings.HAND_OFF = make_settings(url="https://app.example/")
    people.owner.set_unusable_password()
    people.owner.save()
    client = Client()
    client.force_login(people.owner)
    page = client.get("/accounts/reauthenticate/?next=/profile/", follow=True)
    assert page.redirect_chain[0][0].startswith("/accounts/reauthenticate/elsewhere/")
    assert 'href="https://app.example/"' in page.content.decode()
