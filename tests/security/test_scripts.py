"""In a browser: no text runs as a script, and nobody sees pages of the previous person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from portal.models import Operation, User
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.deployments_ui.changes import token_of
from tests.security import dataset as datasets
from tests.security.crawler import Crawl
from tests.security.dataset import Dataset
from tests.simulator_control import SimulatorControl

RUNS = (
    "<script>window.__x=1</script><img src=x onerror=window.__x=1><svg onload=window.__x=1>"
    "\"'`{{7*7}}javascript:window.__x=1"
)
# Chromium logs every 4xx response.
EXPECTED = "Failed to load resource: the server responded with a status of"
# Enough of each kind of page; others are drawn by the same templates.
MOST_PAGES = 40


@pytest.fixture(scope="session")
def base_url() -> None:
    """Every address here is whole. The plugin's own fixture is of a kind that pytest is about to give up."""


@pytest.fixture
def hostile(transactional_db: None, simulator: SimulatorControl) -> Dataset:
    """The customer with hostile texts, and more of them entered by its people and returned by MIOSA."""
    made = datasets.create_dataset(simulator)
    base = f"/c/{made.own.slug}/deployments/{made.own.deployment_id}/"
    messages = json.dumps({"error": {"code": RUNS, "message": RUNS, "details": {RUNS: RUNS}}})
    deeds: list[tuple[str, str, dict[str, str]]] = [
        ("operator", f"domains/{made.own.domain_id}/redirect/", {"policy": "www_to_apex"}),
        ("operator", "rename/", {"name": RUNS[:100]}),
        ("operator", "stop/", {}),
        ("owner", "redeploy/", {}),
    ]
    for who, address, fields in deeds:
        Operation.objects.update(in_lane=False)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            simulator.fault(times=9, method=method, status=422, body=messages)
        client = made.client(who)
        token = token_of(client.get(base + address).content.decode())
        answer = client.post(base + address, {"token": token, "reason": RUNS, "note": RUNS, **fields})
        assert answer.status_code == 303, address
        simulator.clear_faults()
    return made


@pytest.fixture
def problems(page: Page) -> Iterator[list[str]]:
    """Violations of the Content Security Policy, script errors and dialogs. Any of them fails the test."""
    messages: list[str] = []

    def record(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            messages.append(message.text)

    page.set_default_timeout(15_000)
    page.on("console", record)
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("dialog", lambda dialog: messages.append(dialog.message))
    yield messages
    assert not messages


def add_session(page: Page, live_server: LiveServer, user: User) -> Client:
    """Signs in without the form."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    return client


@pytest.mark.parametrize("who", ["operator", "owner"])
def test_no_text_runs_as_a_script(
    hostile: Dataset, live_server: LiveServer, page: Page, problems: list[str], who: str
) -> None:
    client = add_session(page, live_server, hostile.people[who])
    slug = hostile.own.slug
    starts = [f"/c/{slug}/", f"/c/{slug}/operations/", f"/find/?q={quote(RUNS)}", f"/c/{slug}/?q={quote(RUNS)}"]
    starts += [f"/dns/{hostile.own.secret}/", f"/operations/{hostile.own.operation}/"]
    crawl = Crawl(client, *starts)
    seen = 0
    for address, _answer in crawl.walk():
        mine = slug in address or not address.startswith(("/c/", "/api/"))
        if address not in crawl.seen or not mine or address.endswith(".txt"):
            continue
        crawl.seen.discard(address)  # as a part it is the same to a browser that loads the page
        page.goto(f"{live_server.url}{address}")
        assert page.evaluate("window.__x") is None, address
        seen += 1
        if seen == MOST_PAGES:
            break
    assert seen > 30
    shown = client.get(f"/operations/{Operation.objects.filter(kind='redeploy').latest('pk').key}/").content.decode()
    assert "&lt;script&gt;window.__x=1&lt;/script&gt;" in shown


def test_back_shows_the_next_person_no_earlier_page(
    hostile: Dataset, live_server: LiveServer, page: Page, problems: list[str]
) -> None:
    """Three pages of one person, then another person in the same browser, then Back to the beginning."""
    sign_in(page, live_server, hostile.people["owner"])
    for address in (f"/c/{hostile.own.slug}/", f"/c/{hostile.own.slug}/operations/", "/find/?q=hara"):
        page.goto(f"{live_server.url}{address}")
        assert "O'Hara" in page.content() or "O&#x27;Hara" in page.content()
    page.locator("header details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_selector("input[name=password]")
    sign_in(page, live_server, hostile.people["other_owner"])
    for _step in range(6):
        page.go_back()
        page.wait_for_load_state()
        assert "Hara" not in page.content().replace(quote("O'Hara"), "").replace("q=hara", "")
        assert hostile.people["owner"].name not in page.content()


def sign_in(page: Page, live_server: LiveServer, user: User) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_selector("header nav")
