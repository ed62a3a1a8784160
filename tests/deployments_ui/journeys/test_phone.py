"""Lists and heads on a phone: tidy lines, nothing cut that a person needs."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import Deployment, Version
from tests.deployments_ui.changes import older
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.journeys.conftest import Enter


def height_of(part: Locator) -> float:
    box = part.bounding_box()
    assert box
    return box["height"]


def test_an_app_and_an_entry_of_its_history_take_two_lines(
    enter: Enter, world: World, live_server: LiveServer, phone: Page
) -> None:
    Deployment.objects.filter(name="Booking").update(domains_waiting=1)
    Version.objects.update(note="Photos of the new practice", external_user_id="dr-maya-patel-and-others")
    enter(world.people.operator)
    phone.goto(f"{live_server.url}/c/{SLUG}/")
    for app in phone.locator(".app").all():
        assert height_of(app) <= 72
        assert height_of(app.locator(".now")) <= 24
    for entry in phone.locator("#history .entry").all()[:12]:
        assert height_of(entry) <= 60
    # The day is in each row instead of above it.
    day = phone.locator(".day-label").first.inner_text().split()[0]
    time = phone.locator("#history .entry time").first
    assert time.evaluate("each => getComputedStyle(each, '::before').content").startswith(f'"{day}')
    assert height_of(phone.locator(".day-label").first) <= 1


def test_bread_crumbs_stay_in_one_line(enter: Enter, world: World, live_server: LiveServer, phone: Page) -> None:
    Deployment.objects.filter(miosa_id=world.main["id"]).update(
        name="A name of many words that no phone can show at once"
    )
    enter(world.people.operator)
    phone.goto(f"{live_server.url}{world.path}versions/{older(world)[0]['id']}/")
    assert height_of(phone.locator(".crumbs")) <= 48
    expect(phone.locator(".crumb").last).to_contain_text("many words")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_versions_to_compare_can_be_read(enter: Enter, world: World, live_server: LiveServer, phone: Page) -> None:
    enter(world.people.owner)
    one, two = older(world)[:2]
    phone.goto(f"{live_server.url}{world.path}compare/?from={two['id']}&to={one['id']}")
    for name in ("from", "to"):
        field = phone.locator(f".compare-choice [name={name}]")
        assert field.evaluate("each => each.options[each.selectedIndex].label.trim().length * 8 < each.clientWidth")


def test_the_reason_a_rollback_needs_is_not_preset(enter: Enter, world: World, live_server: LiveServer) -> None:
    page = enter(world.people.support)
    page.goto(f"{live_server.url}/c/{SLUG}/")
    page.get_by_role("link", name=re.compile("Roll back… Main site")).click()
    expect(page.locator("#dialog [name=choice]:checked")).to_have_count(0)
    expect(page.locator("#reason")).to_be_visible()
    page.get_by_text("Checkout broken").click()
    expect(page.locator("#reason")).to_be_hidden()
