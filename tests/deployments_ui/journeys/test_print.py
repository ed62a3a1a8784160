"""Pages on paper: what they say, without what can only be clicked, and nothing is cut off."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.journeys.conftest import Enter

# A4 without its margins, in CSS pixels.
PAPER = {"width": 725, "height": 1017}
CONTROLS = "header.top, footer, nav.tabs, .filters, .pager, .button, .menu, .row-actions, .input, .export, #toasts"
CUT = """
() => [...document.querySelectorAll("main *")]
    .filter(each => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== "visible")
    .filter(each => each.checkVisibility() && !each.closest(".sr, svg") && getComputedStyle(each).display !== "inline")
    .map(each => each.className + ": " + each.textContent.slice(0, 40))
"""


def print_page(page: Page, url: str) -> None:
    page.goto(url)
    page.set_viewport_size({"width": PAPER["width"], "height": PAPER["height"]})
    page.emulate_media(media="print", color_scheme="dark")


@pytest.mark.parametrize("name", ["history", "app", "version", "activity", "operations", "domains"])
def test_a_page_prints_without_controls_and_uncut(
    enter: Enter, world: World, live_server: LiveServer, name: str
) -> None:
    paths = {
        "history": f"/c/{SLUG}/",
        "app": world.path,
        "version": world.live_path,
        "activity": f"/c/{SLUG}/activity/",
        "operations": f"/c/{SLUG}/operations/",
        "domains": f"{world.path}domains/",
    }
    page = enter(world.people.owner)
    print_page(page, live_server.url + paths[name])
    expect(page.locator(".print-head")).to_contain_text("Deploy desk · Bright Smile Dental")
    expect(page.locator(".print-head")).to_contain_text("Opened")
    assert [each for each in page.locator(CONTROLS).all() if each.is_visible()] == []
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light"
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_charts_are_printed_with_their_numbers(enter: Enter, world: World, live_server: LiveServer) -> None:
    page = enter(world.people.owner)
    print_page(page, f"{live_server.url}/c/{SLUG}/insights/?days=90")
    expect(page.get_by_role("img", name="publishes")).to_be_visible()
    expect(page.locator(".chart-table td").first).to_be_visible()
