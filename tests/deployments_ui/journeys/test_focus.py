"""Where the keyboard is after a part of the page was replaced: where it was, and never at the top of the page."""

from __future__ import annotations

import re

import pytest
from django.db.models import F, Value
from django.db.models.functions import Concat
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import Customer, Version
from portal.services.queries import timeline_search
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.journeys.conftest import Enter

POLL = "document.querySelectorAll('[data-poll]').forEach((part) => htmx.trigger(part, 'poll'))"


def poll(page: Page) -> None:
    """An answer with everything replaced: what has the focus afterwards is another element."""
    page.evaluate("document.querySelectorAll('[data-row]').forEach((row) => row.setAttribute('data-old', ''))")
    Customer.objects.update(generation=F("generation") + 1, name=Concat("name", Value("!")))
    page.evaluate(POLL)
    expect(page.locator("[data-old]")).to_have_count(0)


def test_swapping_sides_keeps_focus_and_changes_the_address(
    enter: Enter, world: World, live_server: LiveServer
) -> None:
    page = enter(world.people.owner)
    right, left = Version.objects.filter(deployment__miosa_id=world.main["id"]).order_by("-number")[:2]
    page.goto(f"{live_server.url}{world.path}compare/?from={left.miosa_id}&to={right.miosa_id}")
    page.locator("#swap").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#comparison h1")).to_contain_text(f"#{right.number} → #{left.number}")
    expect(page.locator("#swap")).to_be_focused()
    expect(page).to_have_url(re.compile(f"from={right.miosa_id}&to={left.miosa_id}$"))
    page.go_back()
    expect(page.locator("#comparison h1")).to_contain_text(f"#{left.number} → #{right.number}")
    page.locator("#comparison select").first.select_option(right.miosa_id)
    page.locator("#compare").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#comparison h1")).to_contain_text(f"#{right.number} → #{right.number}")
    expect(page.locator("#compare")).to_be_focused()
    expect(page).to_have_url(re.compile(f"from={right.miosa_id}&to={right.miosa_id}$"))


def test_headers_keep_the_focus_and_removed_filters_give_it_to_their_list(
    enter: Enter, world: World, live_server: LiveServer
) -> None:
    page = enter(world.people.operator)
    page.goto(f"{live_server.url}/customers/?state=failed&state=stopped")
    header = page.get_by_role("link", name="Apps", exact=True)
    header.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=apps**")
    expect(header).to_be_focused()
    page.locator(".chip").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator("#customers")).to_be_focused()
    page.goto(f"{live_server.url}/?state=failed")
    page.locator(".chip").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator("#home")).to_be_focused()
    poll(page)
    expect(page.locator("#home")).to_be_focused()


def test_older_keeps_the_focus(enter: Enter, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_search, "PAGE_SIZE", 15)
    page = enter(world.people.owner)
    older = page.get_by_role("link", name="Older", exact=True)
    newest = page.get_by_role("link", name="Newest", exact=True)
    older.focus()
    page.keyboard.press("Enter")
    expect(newest).to_be_visible()
    expect(older).to_be_focused()
    newest.focus()
    page.keyboard.press("Enter")
    expect(newest).to_have_count(0)
    expect(page.locator("#history")).to_be_focused()


def test_an_update_leaves_the_keyboard_where_it_is_in_every_list(
    enter: Enter, world: World, live_server: LiveServer
) -> None:
    page = enter(world.people.operator)
    for path, selector in (
        ("/", ".problem .place a.title"),
        ("/", ".recent a"),
        ("/customers/", f"#customer-{SLUG} a.title"),
        (f"/c/{SLUG}/", ".app a.title"),
    ):
        page.goto(f"{live_server.url}{path}")
        link = page.locator(selector).first
        link.focus()
        href = link.get_attribute("href")
        poll(page)
        expect(page.locator(f"{selector}:focus")).to_have_attribute("href", href or "")


def test_an_update_takes_no_focus(enter: Enter, world: World, live_server: LiveServer) -> None:
    page = enter(world.people.operator)
    page.goto(f"{live_server.url}/customers/")
    poll(page)
    assert page.evaluate("document.activeElement === document.body")
    page.locator("#search").focus()
    poll(page)
    expect(page.locator("#search")).to_be_focused()


def test_after_an_undo_the_focus_is_in_its_row(enter: Enter, world: World, worker: None) -> None:
    page = enter(world.people.owner)
    begin = page.url
    page.get_by_role("link", name="Roll back… Main site").click()
    page.locator("#dialog .dialog-foot .primary").click()
    expect(page.locator("#operation h1")).to_contain_text("is back on")
    page.goto(begin)
    undo = page.locator("#history").get_by_role("button", name="Undo Main site")
    row = undo.locator("xpath=ancestor::li").get_attribute("id")
    undo.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#operation h1")).to_contain_text(f"is back on #{world.main['versions']}")
    poll(page)
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(f"#{row} :focus")).to_have_count(1)
    expect(page.locator(".htmx-request")).to_have_count(0)


def test_menus_of_the_activity_show_that_they_are_in_use(enter: Enter, world: World, live_server: LiveServer) -> None:
    page = enter(world.people.operator)
    page.goto(f"{live_server.url}/activity/")
    menus = page.locator("#searched .filters details.menu")
    person, kind = menus.filter(has_text="Person").first, menus.filter(has_text="Kind").first
    person.locator("summary").click()
    person.locator("input").fill("Rao")
    page.keyboard.press("Tab")
    expect(page.locator(".chip")).to_have_count(1)
    expect(person).to_have_class(re.compile(r"\bon\b"))
    kind.locator("summary").click()
    kind.locator("input").nth(1).check()
    expect(page.locator(".chip")).to_have_count(2)
    expect(kind).to_have_class(re.compile(r"\bon\b"))
    kind.locator("input").first.check()
    expect(page.locator(".chip")).to_have_count(1)
    expect(kind).not_to_have_class(re.compile(r"\bon\b"))
