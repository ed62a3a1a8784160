"""Publish, set an env var, attach a domain: from the page that an owner gets first, with the keyboard alone.

Rolling back is in `test_changing`.
"""

from __future__ import annotations

from playwright.sync_api import Page, expect

from portal.models import Domain, Operation
from tests.deployments_ui.changes import list_changes_sent
from tests.deployments_ui.conftest import World
from tests.deployments_ui.journeys.conftest import Enter, tab_to

CONFIRM = "#dialog .dialog-foot .primary"
SECRET = "s3cr3t-value-that-nobody-may-see"


def press(page: Page, selector: str) -> None:
    tab_to(page, selector)
    assert page.evaluate("document.activeElement.matches(':focus-visible')"), selector
    page.keyboard.press("Enter")


def open_app(enter: Enter, world: World, *, tab: str = "") -> Page:
    page = enter(world.people.owner)
    press(page, f'#apps a.title[href="{world.path}"]')
    expect(page.get_by_role("heading", level=1)).to_have_text("Main site")
    if tab:
        press(page, f'.tabs a[href="{world.path}{tab}/"]')
        page.wait_for_url(f"**/{tab}/")
    return page


def expect_closed(page: Page, opener: str) -> None:
    """Close the result; the focus is back on what opened the dialog."""
    press(page, "#operation-close")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(opener)).to_be_focused()


def test_publish(enter: Enter, world: World, worker: None) -> None:
    page = open_app(enter, world)
    press(page, "#action-publish")
    expect(page.locator("#dialog").get_by_role("link", name="Cancel")).to_be_focused()
    tab_to(page, "#dialog [name=sandbox_id]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#dialog [name=then]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#dialog [name=version_note]")
    page.keyboard.type("Spring prices")
    page.keyboard.press("Enter")  # releases nothing
    assert not Operation.objects.exists()
    press(page, CONFIRM)
    expect(page.locator("#operation")).to_contain_text("Created")
    assert Operation.objects.get().kind == "publish"
    expect_closed(page, "#action-publish")


def test_set_an_env_var(enter: Enter, world: World) -> None:
    page = open_app(enter, world, tab="env")
    tab_to(page, "#new-name")
    page.keyboard.type("API_KEY")
    page.keyboard.press("Tab")
    page.keyboard.type(SECRET)
    press(page, "#env-set")
    expect(page.locator("#review h1")).to_be_focused()
    press(page, CONFIRM)
    expect(page.locator("#operation")).to_contain_text("env vars updated")
    assert any("/env" in row["path"] for row in list_changes_sent(world))
    expect_closed(page, "#env-set")


def test_attach_a_domain(enter: Enter, world: World) -> None:
    page = open_app(enter, world, tab="domains")
    tab_to(page, "#new-domain")
    page.keyboard.type("shop.brightsmile-new.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("shop.")
    assert Domain.objects.filter(name="shop.brightsmile-new.example").exists()
    tab_to(page, "[data-copy]")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Enter")
    expect(page.locator("#announcement")).to_have_text("Copied.")
