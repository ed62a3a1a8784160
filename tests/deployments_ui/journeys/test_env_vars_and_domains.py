"""Env vars and domains in a browser: in dialogs, on a phone, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import Domain
from portal.services.domains import background as domain_checks
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.journeys.conftest import Enter, no_sideways

Check = Callable[[Page], None]
SECRET = "s3cr3t-value-that-nobody-may-see"
NAME = "shop.brightsmile-new.example"


def kept_by_browser(page: Page) -> str:
    return str(
        page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, document.cookie, location.href,"
            " document.documentElement.outerHTML,"
            " [...document.querySelectorAll('textarea, input')].map((field) => field.value)])"
        )
    )


def booking(world: World) -> str:
    customer = next(row for row in world.control.state()["customers"] if row["external_workspace_id"] == SLUG)
    return next(f"/c/{SLUG}/deployments/{row['id']}/" for row in customer["deployments"] if row["name"] == "Booking")


def test_set_env_vars_in_the_dialog(enter: Enter, world: World, live_server: LiveServer, accessible: Check) -> None:
    page = enter(world.people.owner)
    page.goto(f"{live_server.url}{booking(world)}env/")
    accessible(page)
    page.get_by_label("Name", exact=True).fill("API KEY")
    page.get_by_label("Value", exact=True).fill(SECRET)
    page.locator("#env-set").click()
    expect(page.locator("#name-error")).to_be_visible()
    accessible(page)
    page.locator("#dialog").get_by_role("link", name="Cancel").click()
    expect(page.locator("#env-set")).to_be_focused()
    page.locator("#env-file").click()
    expect(page.locator("#pasted")).to_be_focused()
    accessible(page)
    assert SECRET not in kept_by_browser(page)
    page.locator("#pasted").fill(f"API_KEY='{SECRET}'\nMY-KEY={SECRET}")
    page.get_by_role("button", name="Review changes").click()
    expect(page.locator("#review")).to_contain_text("API_KEY")
    assert SECRET not in kept_by_browser(page)
    accessible(page)
    page.get_by_label("Name MY-KEY").fill("MY_KEY")
    page.get_by_role("button", name="Apply new names").click()
    expect(page.locator("#review")).to_contain_text("MY_KEY")
    page.get_by_role("button", name="Set 2 env vars").click()
    expect(page.locator("#operation")).to_contain_text("Booking env vars updated")
    accessible(page)
    page.locator("#operation-close").click()
    expect(page.locator("#env_vars")).to_contain_text("new, not live yet")
    assert SECRET not in kept_by_browser(page)
    page.go_back()
    assert SECRET not in kept_by_browser(page)


def test_add_a_domain_and_share_its_records(
    enter: Enter, world: World, live_server: LiveServer, accessible: Check
) -> None:
    page = enter(world.people.owner)
    page.goto(f"{live_server.url}{world.path}domains/")
    accessible(page)
    page.locator("#new-domain").fill("192.0.2.1")
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_contain_text("IP address")
    page.locator("#dialog #domain").fill(f"https://{NAME}/path")
    page.keyboard.press("Tab")
    expect(page.locator("#preview")).to_contain_text("We removed")
    accessible(page)
    page.locator("#dialog").get_by_role("button", name="Add domain").click()
    page.wait_for_selector("#domain h1")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#copy-value-1").click()
    expect(page.locator("#announcement")).to_have_text("Copied.")
    domain = Domain.objects.get(name=NAME)
    assert page.evaluate("navigator.clipboard.readText()") == domain.required_records[0]["value"]
    domain_checks.run_due_check(domain, now=timezone.now())
    expect(page.locator("#checks")).to_contain_text("DNS checked", timeout=8_000)
    accessible(page)
    page.get_by_role("button", name="Create link").click()
    link = page.locator("#copy-link").get_attribute("data-copy")
    assert link
    page.context.clear_cookies()
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("shop.")
    accessible(page)


def test_every_page_on_a_phone(
    enter: Enter, world: World, live_server: LiveServer, phone: Page, accessible: Check
) -> None:
    page = enter(world.people.owner)
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": live_server.url}])
    for path in ("env/", "env/set/", "domains/", "domains/add/?domain=newsite.example", "builds/"):
        page.goto(f"{live_server.url}{booking(world)}{path}")
        no_sideways(page)
        accessible(page)
    page.goto(f"{live_server.url}{world.path}domains/")
    page.locator("#domains a.title").first.click()
    page.wait_for_selector("#domain h1")
    no_sideways(page)
    accessible(page)


@pytest.mark.browser
def test_without_javascript(db_ready: None, world: World, live_server: LiveServer, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.set_default_timeout(10_000)
    page.goto(live_server.url)
    page.get_by_label("E-mail address").fill(world.people.owner.email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{live_server.url}{world.path}")
    page.get_by_role("link", name="Env vars").click()
    page.get_by_label("Name", exact=True).fill("API_KEY")
    page.get_by_label("Value", exact=True).fill(SECRET)
    page.get_by_role("button", name="Set env var").click()
    page.get_by_role("button", name="Set 1 env var").click()
    page.get_by_role("link", name="Close").click()
    expect(page.locator("#env_vars")).to_contain_text("API_KEY")
    page.get_by_role("link", name="Domains").click()
    page.get_by_label("Domain", exact=True).fill(NAME)
    page.get_by_role("button", name="Add domain").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("shop.")
    page.get_by_role("button", name="Check now").click()
    page.get_by_role("button", name="Create link").click()
    expect(page.locator("#links")).to_contain_text("/dns/")
    page.get_by_text("More", exact=True).click()
    page.locator("#domain-detach").click()
    page.get_by_label("to confirm").fill(NAME)
    page.get_by_role("button", name="Remove domain").click()
    page.get_by_role("link", name="Close").click()
    expect(page.locator("#domains")).not_to_contain_text("shop.")
