"""A browser before a running portal, that fails the test when its console complains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import User
from tests.deployments_ui.conftest import World

# A browser, and htmx, say so themselves when an answer was 404; the page is what the test looks at.
EXPECTED = ("Failed to load resource: the server responded with a status of", "Response Status Error Code")

expect.set_options(timeout=10_000)  # as for everything else below: a busy machine is no failure


@pytest.fixture(scope="session")
def base_url() -> None:
    """Every address here is whole. The plugin's own fixture is of a kind that pytest is about to give up."""


@pytest.fixture
def db_ready(transactional_db: None) -> None:
    """The server's threads see what the test wrote."""


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """Everything the console said. A violated Content-Security-Policy, a script's error: the test fails."""
    said: list[str] = []
    listen(page, said)
    yield said
    assert not said


def listen(page: Page, said: list[str]) -> None:
    """Adds to `said` what the console of the page says, and each request to another machine."""

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            said.append(message.text)

    page.set_default_timeout(10_000)
    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request",
        lambda request: (
            said.append(request.url)
            if "127.0.0.1" not in request.url and "localhost" not in request.url and not request.url.startswith("data:")
            else None
        ),
    )


Enter = Callable[[User], Page]


@pytest.fixture
def enter(db_ready: None, world: World, live_server: LiveServer, page: Page, complaints: list[str]) -> Enter:
    """Where somebody begins who has signed in. The form itself is one journey's, and of those without a script."""

    def sign_in(user: User) -> Page:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page.goto(live_server.url)
        page.wait_for_selector("header nav")
        return page

    return sign_in


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """No rule of WCAG 2.2 AA that a machine can check is broken. The dark theme differs by its colours alone."""
    everything = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    colours = {"type": "rule", "values": ["color-contrast"]}

    def check(page: Page) -> None:
        is_dark = page.locator("html").get_attribute("data-theme") == "dark"
        rules: dict[str, Any] = {"runOnly": colours if is_dark else everything, "resultTypes": ["violations"]}
        found = Axe().run(page, options=rules)
        assert found.violations_count == 0, found.generate_report()

    return check


@pytest.fixture
def phone(context: BrowserContext, page: Page) -> Page:
    page.set_viewport_size({"width": 360, "height": 740})
    return page
