"""A browser before a running portal, that fails the test when its console complains."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import User
from portal.services.operations import background
from tests.deployments_ui.conftest import World

# A browser, and htmx, say so themselves when an answer was 404; the page is what the test looks at. The other two: the
# test left the page while a part of it was being requested.
EXPECTED = (
    *("Failed to load resource: the server responded with a status of", "Response Status Error Code"),
    *("htmx:sendAbort", "htmx:afterRequest"),
)

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
def worker(world: World) -> Iterator[None]:
    """Due operations take their steps, as in the worker, a few times a second."""
    stopping = Event()

    def run() -> None:
        while not stopping.wait(0.2):
            for operation in background.list_due(now=timezone.now()):
                background.run_step(operation)
        connection.close()

    thread = Thread(target=run)
    thread.start()
    yield
    stopping.set()
    thread.join()


def kind_of(address: str) -> str:
    """The name of the URL."""
    return str(resolve(urlsplit(html.unescape(address)).path).view_name)


def no_sideways(page: Page) -> None:
    """Nothing is cut off at the side, and the page does not scroll that way."""
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, page.url


def tab_to(page: Page, selector: str, *, back: bool = False) -> None:
    """Tab, until what has the focus matches."""
    expect(page.locator(f"{selector} >> visible=true").first).to_be_visible()
    for _stop in range(80):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the keyboard never comes to {selector}")


def check_accessibility(page: Page, part: str = "") -> None:
    """No rule of WCAG 2.2 AA that a machine can check is broken, on the page or in the part with this selector.

    The dark theme differs by its colours alone.
    """
    everything = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    colours = {"type": "rule", "values": ["color-contrast"]}
    is_dark = page.locator("html").get_attribute("data-theme") == "dark"
    rules: dict[str, Any] = {"runOnly": colours if is_dark else everything, "resultTypes": ["violations"]}
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found = AxeResults(page.evaluate("([part, rules]) => axe.run(part || document, rules)", [part, rules]))
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    return check_accessibility


@pytest.fixture
def phone(context: BrowserContext, page: Page) -> Page:
    page.set_viewport_size({"width": 360, "height": 740})
    return page
