"""Somebody comes from the platform's own app, in another site, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from portal.simulator.simulator import Simulator
from portal.simulator.your_app import YourApp
from tests.deployments_ui.conftest import World
from tests.hand_off.app import KEY, make_settings, sign

PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
Check = Callable[[Page], None]


@pytest.fixture
def app_url(live_server: LiveServer, settings: Settings) -> Iterator[str]:
    """The app is at 127.0.0.1 and the portal at localhost, which are different sites for a browser."""
    with Simulator(your_app=YourApp(get_portal(live_server), PEM)) as simulator:
        url = f"{simulator.url}/your-app/"
        settings.HAND_OFF = make_settings(issuer=url, url=url)
        yield url


def get_portal(live_server: LiveServer) -> str:
    return f"http://localhost:{live_server.thread.port}"


def come_as(page: Page, app_url: str, person: str) -> None:
    page.goto(app_url)
    page.get_by_label("Person").select_option(person)
    page.get_by_role("button", name="Open deployments").click()


def test_one_button_signs_in_and_another_person_is_asked_first(
    world: World, live_server: LiveServer, app_url: str, page: Page, accessible: Check
) -> None:
    come_as(page, app_url, "owner")
    expect(page).to_have_url(f"{get_portal(live_server)}/c/brightsmile-dental/")
    expect(page.locator("header")).to_contain_text("Robin Meyer")
    come_as(page, app_url, "owner")
    expect(page).to_have_url(f"{get_portal(live_server)}/c/brightsmile-dental/")
    come_as(page, app_url, "viewer")
    expect(page.get_by_role("heading")).to_have_text("Continue as Kim Sørensen?")
    accessible(page)
    page.get_by_role("link", name="Stay signed in as Robin Meyer").click()
    expect(page.locator("header")).to_contain_text("Robin Meyer")
    come_as(page, app_url, "viewer")
    page.get_by_role("button", name="Continue as Kim Sørensen").click()
    expect(page.locator("header")).to_contain_text("Kim Sørensen")


def test_a_link_signs_in_after_a_question_and_leaves_no_token_behind(
    world: World, live_server: LiveServer, app_url: str, browser: Browser, accessible: Check
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{get_portal(live_server)}/handoff/#token={sign(iss=app_url)}")
    page.get_by_role("button", name="Continue as Dr Rao").click()
    expect(page.locator("header")).to_contain_text("Dr Rao")
    page.goto(f"{get_portal(live_server)}/handoff/")
    accessible(page)
    page.goto(f"{get_portal(live_server)}/handoff/#token=eyJ")
    expect(page.get_by_role("heading")).to_have_text("You could not be signed in")
    assert "eyJ" not in page.url
    accessible(page)
    context.close()


def test_without_a_script_it_is_two_buttons(
    world: World, live_server: LiveServer, app_url: str, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{get_portal(live_server)}/handoff/?token={sign(iss=app_url)}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue as Dr Rao").click()
    expect(page.locator("header")).to_contain_text("Dr Rao")
    context.close()
