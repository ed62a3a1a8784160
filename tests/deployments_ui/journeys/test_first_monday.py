"""A platform's first Monday: from an empty database to a rollback that a customer's owner can follow.

The portal runs in processes of its own, as an installation does, with the simulator as its MIOSA and a mail server.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.config import DEMO_KEY
from portal.services.brands import current
from portal.simulator.simulator import Simulator
from tests.deployments_ui.journeys.conftest import listen
from tests.mails import ReceivingServer
from tests.run.portal_process import ROOT, TIMEOUT_S, PortalProcess
from tests.simulator_control import SimulatorControl
from tests.waiting import wait_until

OPERATOR, SUPPORT, OWNER = "olga@brightsites.test", "ana@brightsites.test", "rao@brightsmile.test"
PASSWORD = "correct-horse-battery-staple"
BRAND, SUPPORT_CONTACT = "BrightSites", "help@brightsites.test"
REASON = "The booking form was broken after Friday's publish."
FINGERPRINT_READER = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
OpenBrowser = Callable[[], Page]


class Installation:
    """A portal on an empty folder, its MIOSA and its mail server. By name, since passkeys are for names only."""

    def __init__(self, var: Path, simulator: Simulator, mail_server: ReceivingServer) -> None:
        self.mail_server, self.miosa = mail_server, SimulatorControl(simulator.url)
        self.variables = {
            "MIOSA_API_KEY": DEMO_KEY,
            "MIOSA_BASE_URL": simulator.url,
            "MIOSA_RPM": "100000",
            "SMTP_URL": mail_server.url,
            "MAIL_FROM": "deploys@brightsites.test",
        }
        self.portal = PortalProcess([sys.executable, "manage.py", "up"], var, **self.variables)
        self.url = f"http://localhost:{self.portal.port}"

    def wait_until_read(self) -> None:
        """Until MIOSA is not asked for anything for a second. Before that, the database may be too busy to sign in."""

        def is_quiet() -> bool:
            rows = self.miosa.requests()
            return bool(rows) and datetime.fromisoformat(rows[-1]["at"]) < datetime.now(UTC) - timedelta(seconds=1)

        wait_until(is_quiet, seconds=TIMEOUT_S)

    def create_operator(self) -> None:
        command = [sys.executable, "manage.py", "createoperator", OPERATOR, "--name", "Olga Petrov"]
        environment = {**self.variables, "VAR_DIR": str(self.portal.var)}
        subprocess.run(command, cwd=ROOT, env=environment, input=PASSWORD, text=True, check=True, capture_output=True)

    def wait_for_link(self, address: str) -> str:
        """The link in the mail to this address, which comes from the brand and names nobody else's."""
        wait_until(lambda: any(address in mail.recipients for mail in self.mail_server.mails), seconds=TIMEOUT_S)
        (mail,) = (mail for mail in self.mail_server.mails if address in mail.recipients)
        for text in (mail.body("plain"), mail.body("html"), str(mail.message["Subject"]), str(mail.message["From"])):
            assert "miosa" not in text.lower()
            assert BRAND in text
        found = re.search(r"http://\S+/invitations/\S+", mail.body("plain"))
        assert found
        return found[0]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Simulator() as simulator, ReceivingServer() as mail_server:
        installation = Installation(tmp_path / "var", simulator, mail_server)
        installation.portal.wait_until_ready()
        installation.wait_until_read()
        yield installation
        installation.portal.stop()


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[OpenBrowser]:
    """A browser of another person each time. None of their consoles complains."""
    contexts, said = [], list[str]()

    def open_browser() -> Page:
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        listen(page, said)
        return page

    yield open_browser
    for context in contexts:
        context.close()
    assert not said


def test_from_an_empty_database_to_a_rollback_that_the_owner_follows(
    installation: Installation, open_browser: OpenBrowser, accessible: Callable[[Page], None]
) -> None:
    installation.create_operator()
    operator = open_browser()
    sign_in_by_password(operator, installation.url)
    set_brand(operator, installation.url)
    invite_support(operator, installation.url)
    invite_owner(operator, installation.url)

    owner = open_browser()
    accept_invitation(owner, installation.wait_for_link(OWNER), name="Dr Rao")
    add_passkey(owner, installation.url)
    sign_in_by_passkey(owner, installation.url)

    support = open_browser()
    accept_invitation(support, installation.wait_for_link(SUPPORT), name="Ana Ruiz")
    target = roll_back(support, installation.url)

    read_history(owner, installation.url, target)
    accessible(owner)
    read_activity(owner)
    accessible(owner)


def sign_in_by_password(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("E-mail address").fill(OPERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def set_brand(page: Page, url: str) -> None:
    page.goto(f"{url}/settings/brand/")
    page.locator(".row-list").get_by_role("link").click()
    page.get_by_label("Name", exact=True).fill(BRAND)
    page.get_by_label("Accent colour").fill("#0b6e4f")
    page.get_by_label("Support contact").fill(SUPPORT_CONTACT)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("header .brand")).to_have_text(BRAND)
    page.wait_for_timeout(current.KEPT_FOR_S * 1000)  # until all processes know it


def invite_support(page: Page, url: str) -> None:
    page.goto(f"{url}/people/")
    page.get_by_role("link", name="Invite…").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("E-mail address").fill(SUPPORT)
    dialog.get_by_role("radio", name="Support: ").check()
    dialog.get_by_label("All customers, also future ones").check()
    dialog.get_by_role("button", name="Send invitation").click()
    expect(page.locator("#toasts")).to_contain_text(f"An invitation is being sent to {SUPPORT}.")


def invite_owner(page: Page, url: str) -> None:
    """From the customer's own page. MIOSA's customers were found by then."""
    page.goto(f"{url}/customers/?q=bright")
    page.get_by_role("link", name="Bright Smile Dental").first.click()
    page.goto(f"{page.url}people/")
    page.get_by_role("link", name="Invite…").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("E-mail address").fill(OWNER)
    dialog.get_by_role("radio", name="Owner: ").check()
    dialog.get_by_role("button", name="Send invitation").click()
    expect(page.locator("#toasts")).to_contain_text(f"An invitation is being sent to {OWNER}.")


def accept_invitation(page: Page, link: str, *, name: str) -> None:
    page.goto(link)
    expect(page.locator("header .brand")).to_have_text(BRAND)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("header")).to_contain_text(name)


def add_passkey(page: Page, url: str) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": FINGERPRINT_READER})
    page.goto(f"{url}/profile/")
    page.get_by_role("link", name="Add a passkey…").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Practice laptop")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def sign_in_by_passkey(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("header")).to_contain_text("Dr Rao")


def roll_back(page: Page, url: str) -> str:
    """The version that is live now, such as #41."""
    page.goto(f"{url}/c/brightsmile-dental/")
    page.get_by_role("link", name="Roll back… Main site").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Reason in your words").fill(REASON)
    button = dialog.get_by_role("button", name="Roll back Main site to")
    target = re.search(r"#\d+", button.inner_text())
    assert target
    button.click()
    expect(dialog.locator("#operation")).to_contain_text("Switched", timeout=15_000)
    return target[0]


def read_history(page: Page, url: str, target: str) -> None:
    page.goto(f"{url}/")
    newest = page.locator("#history .entry").first
    expect(newest).to_contain_text("rolled back")
    expect(newest).to_contain_text(target)
    expect(newest).to_contain_text(f"{BRAND} support")
    expect(newest).to_contain_text(REASON)
    check_brand(page)


def read_activity(page: Page) -> None:
    page.get_by_role("link", name="Activity").last.click()
    page.wait_for_url("**/activity/")
    event = page.locator("#activity tr").filter(has_text=f"{BRAND} support rolled back Main site")
    event.get_by_text("Details").click()
    expect(event).to_contain_text(REASON)
    check_brand(page)


def check_brand(page: Page) -> None:
    """The platform's name and contact, and nobody else's: neither MIOSA's nor that of its staff."""
    expect(page.locator("header .brand")).to_have_text(BRAND)
    expect(page.locator("body")).to_contain_text(SUPPORT_CONTACT)
    text = page.content()
    assert "miosa" not in text.lower()
    assert "Ana Ruiz" not in text
    assert "Deploy desk" not in text
