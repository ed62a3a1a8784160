"""Somebody whose shop is broken: with a mouse, with keys alone, on a telephone, without a script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db.models import F
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import Customer, Deployment, Operation
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.deployments_ui.changes import list_changes_sent, older
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.journeys.conftest import Enter, no_sideways, tab_to

Check = Callable[[Page], None]
CONFIRM = "#dialog .primary"
POLL = "document.querySelectorAll('[data-poll]').forEach((part) => htmx.trigger(part, 'poll'))"


def open_rollback(page: Page) -> None:
    page.get_by_role("link", name="Roll back… Main site").click()
    expect(page.locator("#dialog")).to_be_visible()


def test_rolling_back_takes_two_clicks(
    enter: Enter, world: World, worker: None, accessible: Check, live_server: LiveServer
) -> None:
    page = enter(world.people.owner)
    target, was = older(world)[0], world.main["active_version_id"]
    open_rollback(page)
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    accessible(page)
    page.get_by_role("button", name=f"Roll back Main site to #{target['number']}").click()
    expect(page.locator("#operation h1")).to_be_focused()
    expect(page.locator("#operation")).to_contain_text("It answers (200)", timeout=15_000)
    expect(page.locator("#operation [data-poll]")).to_have_count(0)
    expect(page.locator("#dialog-announcement")).to_contain_text("Checked")
    accessible(page)
    page.locator("#operation-close").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#history .entry").first).to_contain_text("rolled back")
    expect(page.get_by_role("link", name="Roll back… Main site")).to_be_focused()
    page.goto(f"{live_server.url}{world.path}")
    expect(page.locator("#rollback")).to_contain_text("rolled this app back")
    accessible(page)
    page.locator("#rollback-undo").click()
    expect(page.locator("#dialog #operation h1")).to_contain_text("is back on")
    assert Deployment.objects.get(miosa_id=world.main["id"]).active_version_id == was
    page.locator("#operation-close").click()
    expect(page.locator("#rollback")).to_be_empty()
    assert len(list_changes_sent(world)) == 2


def test_rolling_back_with_the_keyboard_alone(enter: Enter, world: World, worker: None) -> None:
    page = enter(world.people.support)
    page.goto(page.url.split("/customers")[0] + f"/c/{SLUG}/")
    page.get_by_role("link", name="Roll back… Main site").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Roll back… Main site")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    assert not Operation.objects.exists()
    expect(page.get_by_role("link", name="Roll back… Main site")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    tab_to(page, "#targets summary", back=True)
    page.keyboard.press("Enter")
    second = older(world)[1]
    tab_to(page, f'#targets a[href*="{second["id"]}"]')
    page.keyboard.press("Enter")
    expect(page.locator(CONFIRM)).to_have_text(f"Roll back Main site to #{second['number']}")
    expect(page.locator("#targets summary")).to_be_focused()
    expect(page.locator("[name=choice]:checked")).to_have_count(0)
    tab_to(page, "[name=choice]")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    expect(page.get_by_label("Checkout broken")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("#reason")).to_be_hidden()
    expect(page.locator("#operation")).to_have_count(0)
    tab_to(page, CONFIRM)
    page.keyboard.press("Enter")
    expect(page.locator("#operation h1")).to_have_text(f"Main site is back on #{second['number']}")
    assert Operation.objects.get().reason == "Checkout broken"
    tab_to(page, "#operation-close")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Roll back… Main site")).to_be_focused()


def test_from_a_row_of_the_timeline_with_the_keyboard_alone(enter: Enter, world: World, accessible: Check) -> None:
    page = enter(world.people.owner)
    target = older(world)[0]
    name = f"Actions Main site #{target['number']}"
    row = page.locator(".entry", has=page.get_by_role("link", name=name)).first
    row_id = row.get_attribute("id")
    row.get_by_role("link", name=name).focus()
    page.keyboard.press("Enter")
    menu = page.locator(f"#{row_id} details")
    expect(menu.locator("summary")).to_be_focused()
    accessible(page)
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, ".menu-body a")
    page.keyboard.press("Enter")
    expect(page.locator(CONFIRM)).to_have_text(f"Roll back Main site to #{target['number']}")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(f"#{row_id} :is(summary, .row-actions)")).to_be_focused()


def test_an_update_leaves_the_keyboard_in_its_row(enter: Enter, world: World) -> None:
    page = enter(world.people.owner)
    name = f"Actions Main site #{older(world)[0]['number']}"
    row = page.locator(".entry", has=page.get_by_role("link", name=name)).first
    row_id = row.get_attribute("id")
    row.get_by_role("link", name=name).focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#{row_id} summary")).to_be_focused()
    page.keyboard.press("Escape")
    Customer.objects.update(generation=F("generation") + 1)
    page.evaluate(POLL)
    expect(page.locator(f"#{row_id} summary")).to_have_count(0)
    expect(page.locator(f"#{row_id} .row-actions")).to_be_focused()


def test_a_menu_stays_open_while_the_page_is_updated(enter: Enter, world: World, live_server: LiveServer) -> None:
    """Also one outside the part that polls, and one that was opened after the poll was sent."""
    page = enter(world.people.operator)
    page.goto(f"{live_server.url}{world.path}")
    menu = page.locator("#actions details.menu")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("[?&]seen="), hold)
    Customer.objects.update(generation=F("generation") + 1)
    with page.expect_request(re.compile("[?&]seen=")):
        page.evaluate(POLL)
    menu.locator("summary").click()
    with page.expect_response(re.compile("[?&]seen=")):
        held[0].continue_()
    page.unroute_all()
    page.evaluate(POLL)
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(menu).to_have_attribute("open", "")
    menu.get_by_role("link", name="Rename…").click()
    expect(page.locator("#dialog").get_by_label("Name", exact=True)).to_be_focused()


def test_rolling_back_on_a_phone(enter: Enter, world: World, worker: None, phone: Page, accessible: Check) -> None:
    page = enter(world.people.owner)
    no_sideways(page)
    open_rollback(page)
    title = page.locator("#dialog h1").bounding_box()
    button = page.locator(CONFIRM).bounding_box()
    assert title
    assert button
    assert title["y"] >= 0
    assert button["y"] + button["height"] <= 740
    assert button["height"] >= 44
    assert page.evaluate(
        "document.querySelector('#dialog').scrollWidth <= document.querySelector('#dialog').clientWidth"
    )
    accessible(page)
    page.locator(CONFIRM).click()
    expect(page.locator("#operation")).to_contain_text("It answers (200)", timeout=15_000)
    no_sideways(page)
    page.locator("#operation-close").click()
    expect(page.locator("#apps")).to_contain_text("on a rollback")
    page.get_by_role("link", name="Main site", exact=True).first.click()
    expect(page.locator("#rollback")).to_contain_text("rolled this app back")
    no_sideways(page)
    accessible(page)


def test_typed_text_stays_when_another_version_is_chosen(enter: Enter, world: World) -> None:
    page = enter(world.people.owner)
    open_rollback(page)
    page.locator("#reason").fill("every page takes a minute")
    page.get_by_label("Slow or failing").check()
    page.locator("#targets summary").click()
    page.locator("#targets a").nth(1).click()
    expect(page.locator(CONFIRM)).to_have_text(f"Roll back Main site to #{older(world)[1]['number']}")
    expect(page.locator("#reason")).to_have_value("every page takes a minute")
    expect(page.get_by_label("Slow or failing")).to_be_checked()


def test_errors_are_shown_in_the_dialog(enter: Enter, world: World, live_server: LiveServer) -> None:
    page = enter(world.people.support)
    page.goto(f"{live_server.url}/c/{SLUG}/")
    open_rollback(page)
    page.locator(CONFIRM).click()
    expect(page.locator("#reason-error")).to_be_visible()
    expect(page.locator("#reason")).to_be_focused()
    page.get_by_label("Checkout broken").check()
    page.evaluate("document.querySelector('[name=token]').value = 'forged'")
    page.locator(CONFIRM).click()
    expect(page.locator("#dialog-notices")).to_contain_text("no longer valid")
    assert not Operation.objects.exists()


def test_a_publish_is_watched_to_its_end(enter: Enter, world: World, worker: None, accessible: Check) -> None:
    page = enter(world.people.owner)
    page.get_by_role("link", name="Main site", exact=True).first.click()
    page.get_by_role("link", name="Publish…").click()
    expect(page.locator("#dialog")).to_be_visible()
    page.get_by_text("Build and run settings").click()
    expect(page.get_by_label("Port")).to_be_visible()
    page.get_by_role("radio", name="static", exact=True).check()
    expect(page.get_by_label("Port")).to_be_hidden()
    accessible(page)
    page.locator(CONFIRM).click()
    expect(page.locator("#operation")).to_contain_text("Created", timeout=10_000)
    accessible(page)
    page.keyboard.press("Escape")
    key = Operation.objects.get().key
    page.goto(page.url.split("/c/")[0] + f"/operations/{key}/")
    expect(page.locator("#operation h1")).to_contain_text("is live", timeout=30_000)
    expect(page.locator("#operation")).to_contain_text("It answers (200)", timeout=30_000)
    accessible(page)


@pytest.mark.browser
def test_changing_without_javascript(
    db_ready: None, world: World, worker: None, live_server: LiveServer, browser: Browser
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(live_server.url)
    page.get_by_label("E-mail address").fill(world.people.support.email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{live_server.url}/c/{SLUG}/")
    page.get_by_role("link", name="Roll back… Main site").click()
    page.locator("#targets summary").click()
    page.locator("#targets a").nth(1).click()
    page.get_by_label("Wrong content").check()
    page.get_by_role("button", name=f"Roll back Main site to #{older(world)[1]['number']}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is back on")
    expect(page.get_by_role("link", name="Refresh")).to_be_visible()
    page.get_by_role("link", name="Close").click()
    expect(page.locator("#rollback")).to_contain_text("Wrong content")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#rollback")).to_contain_text("decided to keep")
    page.get_by_role("button", name="Don't keep").click()
    page.locator("#rollback-undo").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is back on")


@pytest.mark.browser
def test_publishing_and_promoting_without_javascript(
    enter: Enter, world: World, worker: None, live_server: LiveServer, browser: Browser
) -> None:
    state = enter(world.people.owner).context.storage_state()
    page = browser.new_context(java_script_enabled=False, storage_state=state).new_page()
    page.goto(f"{live_server.url}{world.path}")
    page.get_by_role("link", name="Publish…").click()
    page.get_by_label("Note").fill("Spring prices")
    page.get_by_role("radio", name="Stage it").check()
    page.locator(".dialog-foot .primary").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Main site")
    refresh = page.get_by_role("link", name="Refresh")
    for _time in range(300):
        if refresh.is_visible():
            refresh.click()
    expect(page.locator("#operation")).to_contain_text("staged")
    page.goto(f"{live_server.url}{world.path}")
    page.get_by_role("link", name="Promote…").first.click()
    page.locator(".dialog-foot .primary").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Main site is now on")
    page.goto(f"{live_server.url}{world.path}")
    expect(page.locator(".entry.of-live")).to_contain_text("Spring prices")
