"""Nothing moves by itself: not while a page loads, nor while it polls and shows something newer."""

from __future__ import annotations

import pytest
from django.db.models import F
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from portal.models import Customer
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.journeys.conftest import Enter

# The browser's own measure (CLS), but with what moves after a click too.
SUM_SHIFTS = """new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted = (window.shifted ?? 0) + entry.value;
}).observe({ type: "layout-shift", buffered: true });"""
POLL = "document.querySelectorAll('[data-poll]').forEach((part) => htmx.trigger(part, 'poll'))"
# Shifts are reported with the frame after the one in which they happen.
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))"


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("name", ["home", "history", "app", "version"])
def test_a_page_keeps_still(enter: Enter, world: World, live_server: LiveServer, name: str, width: int) -> None:
    paths = {"home": "/", "history": f"/c/{SLUG}/", "app": world.path, "version": world.live_path}
    page = enter(world.people.operator)
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(SUM_SHIFTS)
    page.goto(f"{live_server.url}{paths[name]}")
    expect(page.locator(".htmx-request")).to_have_count(0)
    for _time in range(2):
        Customer.objects.update(generation=F("generation") + 1)
        with page.expect_response(lambda response: "seen=" in response.url or response.status == 204):
            page.evaluate(POLL)
        expect(page.locator(".htmx-request")).to_have_count(0)
    if page.locator("#refresh").count():
        page.locator("#refresh").click()
        expect(page.locator("#toasts .toast")).to_be_visible()
    page.evaluate(TWO_FRAMES)
    assert page.evaluate("window.shifted ?? 0") < 0.02
