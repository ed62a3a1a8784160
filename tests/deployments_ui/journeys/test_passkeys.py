"""Passkeys, in Chromium with a virtual authenticator."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.services.people.demo_people import DEMO_PASSWORD
from tests.accounts.browser import list_events
from tests.people import People, create_people


@pytest.fixture
def site(live_server: LiveServer) -> str:
    """By name: browsers take passkeys for names only, and over http for this one only."""
    return str(live_server.url).replace("127.0.0.1", "localhost")


@pytest.fixture
def passkeys(page: Page) -> Page:
    """A browser whose device has a fingerprint reader that always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    return page


def sign_in_by_password(page: Page, site: str, people: People) -> None:
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("E-mail address").fill(people.owner.email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{site}/c/**")


def test_a_passkey_is_added_named_used_and_removed(
    db_ready: None, complaints: list[str], site: str, passkeys: Page
) -> None:
    page, people = passkeys, create_people()
    sign_in_by_password(page, site, people)
    page.goto(f"{site}/profile/")
    page.get_by_role("link", name="Add a passkey…").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Work laptop")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    page.goto(f"{site}/accounts/logout/")
    page.get_by_role("button", name="Sign out").first.click()
    page.goto(f"{site}/accounts/login/?next=/profile/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{site}/profile/")
    expect(page.get_by_text("Passkey “Work laptop”")).to_be_visible()

    page.get_by_role("link", name="Rename… Work laptop").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Old laptop")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("link", name="Remove… Old laptop").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey was removed")).to_be_visible()
    expect(page.get_by_text("Old laptop")).to_have_count(0)
    ways = [(event.after or {})["way"] for event in list_events("sign_in.succeeded")]
    assert ways == ["password", "passkey"]
