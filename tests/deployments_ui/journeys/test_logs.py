"""Logs in a browser: found lines are in view, lines are copied as they are, and following keeps the reader's place."""

from __future__ import annotations

import zlib

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import KeptLog, Version
from portal.services.sync import polling
from tests.deployments_ui.conftest import World
from tests.deployments_ui.journeys.conftest import Enter
from tests.deployments_ui.views.test_builds import instance

FOLLOWED = "#log-lines.follows"


def store_log(world: World, text: str) -> str:
    """The path of the log of a version, which failed with it."""
    version = Version.objects.get(miosa_id=world.live_path.split("/")[-2])
    Version.objects.filter(pk=version.pk).update(state="failed")
    cache.clear()
    KeptLog.objects.create(version=version, body=zlib.compress(text.encode()), read_at=timezone.now())
    return f"{world.live_path}log/"


def expect_line_in_view(page: Page, text: str) -> None:
    line = page.locator("#log li.current")
    expect(line).to_have_text(text)
    expect(line).to_be_in_viewport(ratio=1)


def test_first_error_and_matches_are_scrolled_to(enter: Enter, world: World, live_server: LiveServer) -> None:
    lines = [f"line {number}" for number in range(1, 3001)]
    lines[1999] = "npm ERR! missing script: build"
    path = store_log(world, "\n".join(lines))
    page = enter(world.people.viewer)
    page.goto(f"{live_server.url}{world.live_path}")
    expect_line = page.locator("#log li.current")
    expect(expect_line).to_have_text(lines[1999])
    assert page.evaluate("scrollY") == 0
    page.goto(f"{live_server.url}{path}")
    expect_line_in_view(page, lines[1999])
    page.get_by_label("Search this log").fill("line 1000")
    page.get_by_role("button", name="Search", exact=True).click()
    expect_line_in_view(page, "line 1000")
    page.get_by_role("link", name="Later lines").click()
    expect_line_in_view(page, "line 1500")
    page.get_by_role("link", name="Match").or_(page.get_by_role("link", name="Previous")).first.click()
    expect_line_in_view(page, "line 1000")
    page.get_by_role("link", name="First error").click()
    expect_line_in_view(page, lines[1999])
    page.goto(f"{live_server.url}{path}?line=2990#L2990")
    expect_line_in_view(page, "line 2990")


def test_copied_lines_keep_empty_ones(enter: Enter, world: World, live_server: LiveServer) -> None:
    lines = ["first", "", "  indented \x1b[31mred\x1b[0m", "", "", "last"]
    path = store_log(world, "\n".join(lines))
    page = enter(world.people.viewer)
    page.goto(f"{live_server.url}{path}")
    copied = page.evaluate(
        "getSelection().selectAllChildren(document.querySelector('#log ol')), String(getSelection())"
    )
    assert copied.strip("\n").split("\n") == ["first", "", "  indented red", "", "", "last"]


def test_following_keeps_the_place(
    enter: Enter, world: World, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_get_first_gap_s", lambda: 0.0)
    path = instance(world)
    page = enter(world.people.viewer)
    page.goto(f"{live_server.url}{path}")
    last = page.locator("#log li").last
    begun = last.inner_text()
    world.control.advance(600)
    expect(last).not_to_have_text(begun)
    assert page.locator(FOLLOWED).evaluate("box => box.scrollTop") == 0
    page.locator(FOLLOWED).evaluate("box => { box.scrollTop = -400; }")
    expect(page.get_by_text("paused while you read")).to_be_visible()
    begun = last.inner_text()
    world.control.advance(600)
    page.evaluate("htmx.trigger('[data-poll]', 'poll')")
    expect(page.locator(".htmx-request")).to_have_count(0)
    assert page.locator(FOLLOWED).evaluate("box => box.scrollTop") == -400
    assert last.inner_text() == begun
    page.get_by_role("button", name="Go to the end").click()
    expect(page.get_by_text("paused while you read")).to_be_hidden()
    expect(last).not_to_have_text(begun)
