"""Pages that adapt to the reader: 200 % zoom, less motion, forced colours, names from right to left."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import Deployment, Version
from tests.deployments_ui.changes import older
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.journeys.conftest import Enter, no_sideways, tab_to
from tests.waiting import wait_until

# A window of 1280 x 800 at 200 %.
ZOOMED: Any = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}
CONFIRM = "#dialog .dialog-foot .primary"
RTL = "العيادة"

# What takes longer than 0.01 s to change or to move, also before and after each element.
SLOW = """() => {
  const seconds = (times) => Math.max(...times.split(",").map((each) => parseFloat(each)));
  const isSlow = ({ animationName, animationDuration, transitionDuration }) =>
    seconds(transitionDuration) > 0.01 || (animationName !== "none" && seconds(animationDuration) > 0.01);
  for (const button of document.querySelectorAll(".button")) button.dataset.busy = "Sending";
  for (const row of document.querySelectorAll("[data-row]")) row.classList.add("changed", "htmx-swapping");
  return [...document.querySelectorAll("*")]
    .filter((each) => [null, "::before", "::after"].some((part) => isSlow(getComputedStyle(each, part))))
    .map((each) => each.outerHTML.slice(0, 80));
}"""

# What can be pressed or filled in and has no edge.
WITHOUT_EDGE = """() => [...document.querySelectorAll(".button, .input, .top-search, .chip")]
  .filter((each) => each.checkVisibility())
  .filter((each) => {
    const { borderTopStyle, borderTopWidth, borderTopColor, backgroundColor } = getComputedStyle(each);
    return borderTopStyle === "none" || parseFloat(borderTopWidth) < 1 || borderTopColor === backgroundColor;
  }).map((each) => each.outerHTML.slice(0, 80))"""

# Nothing lies over the middle of a field.
IS_IN_SIGHT = """(field) => {
  const box = field.getBoundingClientRect();
  return field.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""

# The shape of each state in the timeline, by its word.
SHAPES = """() => [...document.querySelectorAll(".timeline .entry:not(.change)")].map((row) => [
  row.querySelector(".outcome .word, .outcome .sr").textContent.trim(),
  row.querySelector(".shape use").getAttribute("href"),
  getComputedStyle(row.querySelector(".shape")).fill !== getComputedStyle(document.body).backgroundColor,
])"""

# Where a number comes right after the name, in the same bidirectional paragraph: it would be shown before the name.
MIXED_UP = r"""(name) => {
  const walker = document.createTreeWalker(document.querySelector("body"), NodeFilter.SHOW_TEXT);
  const found = [];
  const isApart = (style) => style.display !== "inline" || style.unicodeBidi !== "normal";
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const isSeen = text.parentElement.checkVisibility() && !text.parentElement.closest(".sr");
    if (!isSeen || !text.data.includes(name)) continue;
    let part = text.parentElement;
    while (!isApart(getComputedStyle(part))) part = part.parentElement;
    for (const after of part.textContent.split(name).slice(1)) {
      if (/^[^\p{L}\u2069]*\p{N}/u.test(after)) found.push(part.outerHTML.replace(/\s+/g, ' ').slice(0, 300));
    }
  }
  return found;
}"""


def staff_paths(world: World) -> list[str]:
    domain = f"{world.path}domains/"
    app = (world.path, world.live_path, f"{world.path}env/", domain, f"{world.path}builds/")
    customer = [f"/c/{SLUG}/{page}" for page in ("", "people/", "operations/", "activity/", "insights/")]
    return ["/", "/customers/", "/activity/", "/people/", "/settings/", "/profile/", *customer, *app]


@pytest.fixture
def zoomed(enter: Enter, world: World, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**ZOOMED, storage_state=enter(world.people.operator).context.storage_state())
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def test_at_200_percent_nothing_is_lost(zoomed: Page, world: World, live_server: LiveServer) -> None:
    for path in [*staff_paths(world), f"{world.live_path}log/", f"{world.path}publish/"]:
        zoomed.goto(f"{live_server.url}{path}")
        expect(zoomed.locator(".htmx-request")).to_have_count(0)
        no_sideways(zoomed)


def is_in_sight(page: Page, selector: str) -> bool:
    """Whether the middle of this part is seen: not below the window's edge, nor under another part."""
    return bool(page.locator(selector).first.evaluate(IS_IN_SIGHT))


def test_at_200_percent_a_dialog_leaves_its_fields_and_its_button_in_sight(
    zoomed: Page, world: World, live_server: LiveServer
) -> None:
    zoomed.goto(f"{live_server.url}{world.path}")
    zoomed.locator("#action-roll-back").click()
    expect(zoomed.locator("#dialog")).to_be_visible()
    wait_until(partial(is_in_sight, zoomed, CONFIRM), seconds=5)
    for field in ("#targets summary", "[name=choice]", "#note", CONFIRM):
        tab_to(zoomed, field)
        wait_until(partial(is_in_sight, zoomed, field), seconds=5)


def test_without_motion_nothing_moves_slowly(enter: Enter, world: World, live_server: LiveServer) -> None:
    page = enter(world.people.operator)
    assert page.evaluate(SLOW)
    page.emulate_media(reduced_motion="reduce")
    for path in staff_paths(world):
        page.goto(f"{live_server.url}{path}")
        assert page.evaluate(SLOW) == [], path


def test_in_forced_colours_states_have_shapes_and_words(enter: Enter, world: World) -> None:
    page = enter(world.people.owner)
    page.emulate_media(forced_colors="active")
    found = page.evaluate(SHAPES)
    shapes = {word: shape for word, shape, _is_seen in found}
    assert {"Live", "Failed", "Archived"} <= set(shapes)
    assert len(set(shapes.values())) == len(shapes)
    assert all(is_seen for _word, _shape, is_seen in found)


def test_in_forced_colours_buttons_have_edges_and_the_focus_is_seen(
    enter: Enter, world: World, live_server: LiveServer
) -> None:
    page = enter(world.people.operator)
    page.emulate_media(forced_colors="active")
    for path in staff_paths(world):
        page.goto(f"{live_server.url}{path}")
        assert page.evaluate(WITHOUT_EDGE) == [], path
    page.goto(f"{live_server.url}{world.path}")
    for _stop in range(20):
        page.keyboard.press("Tab")
        outline = "(e => { const s = getComputedStyle(e); return [s.outlineStyle, parseFloat(s.outlineWidth)]; })"
        style, width = page.evaluate(f"{outline}(document.activeElement)")
        assert (style, width >= 2) == ("solid", True), page.evaluate("document.activeElement.outerHTML")


def test_names_from_right_to_left_keep_numbers_in_their_places(
    enter: Enter, world: World, live_server: LiveServer
) -> None:
    Version.objects.update(published_by=RTL)
    Deployment.objects.filter(miosa_id=world.main["id"]).update(name=RTL)
    page = enter(world.people.operator)
    expect(page.locator("#home")).to_contain_text(RTL)
    assert page.evaluate(MIXED_UP, RTL) == []
    for path in (f"/c/{SLUG}/", world.path, world.live_path, f"{world.path}versions/{older(world)[0]['id']}/rollback/"):
        page.goto(f"{live_server.url}{path}")
        assert page.evaluate(MIXED_UP, RTL) == [], path
