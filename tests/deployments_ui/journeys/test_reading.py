"""What a person does who only wants to know: with a mouse, with keys alone, on a telephone, without a script."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import Deployment
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.deployments_ui.changes import confirm
from tests.deployments_ui.conftest import SLUG, Browse, World
from tests.deployments_ui.journeys.conftest import Enter, no_sideways

Check = Callable[[Page], None]


def test_from_signing_in_to_the_cause_of_a_failure(
    world: World, live_server: LiveServer, page: Page, complaints: list[str], accessible: Check
) -> None:
    page.goto(live_server.url)
    accessible(page)
    page.get_by_label("E-mail address").fill(world.people.owner.email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_selector("header nav")
    accessible(page)
    page.get_by_text("App", exact=True).click()
    page.get_by_role("checkbox", name="Newsletter", exact=True).check()
    expect(page.locator("#history .chips")).to_contain_text("App: Newsletter")
    expect(page.locator("#history .entry").first).to_contain_text("Newsletter")
    assert "app=" in page.url
    page.locator("#history a.summary").first.click()
    expect(page.locator(".failure")).to_be_visible()
    page.wait_for_selector("#log .log, #log .empty")
    accessible(page)
    page.go_back()
    expect(page.locator("#history .chips")).to_contain_text("App: Newsletter")


def test_reading_with_the_keyboard_alone(enter: Enter, world: World) -> None:
    page = enter(world.people.owner)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("Booking")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Booking")
    page.locator("header details.menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.locator("header details.menu summary")).to_be_focused()


def test_the_only_app_is_unticked(enter: Enter, world: World, live_server: LiveServer) -> None:
    Deployment.objects.exclude(miosa_id=world.main["id"]).delete()
    page = enter(world.people.owner)
    page.goto(f"{live_server.url}/c/{SLUG}/?app={world.main['id']}")
    page.locator("summary", has_text="App: ").click()
    page.locator("input[name=app]").uncheck()
    expect(page.locator("#filter-app-value")).to_have_text("")
    page.goto(f"{live_server.url}/c/{SLUG}/")
    page.get_by_text("State", exact=True).click()
    page.locator("input[name=state][value=failed]").check()
    expect(page.locator("#filter-state-value")).to_have_text(": Failed")


def test_on_a_phone(enter: Enter, world: World, live_server: LiveServer, phone: Page, accessible: Check) -> None:
    page = enter(world.people.owner)
    for path in (f"/c/{SLUG}/", world.path, world.live_path, f"{world.live_path}log/", "/find/?q=main", "/no/such/"):
        page.goto(f"{live_server.url}{path}")
        no_sideways(page)
    page.goto(f"{live_server.url}/c/{SLUG}/")
    row = page.locator(".entry").first
    state, at = row.locator(".shape").bounding_box(), row.locator("time").bounding_box()
    assert state
    assert at
    assert state["x"] < at["x"]
    page.get_by_text("State", exact=True).click()
    page.locator("input[name=state][value=failed]").check()
    expect(page.locator("#history")).to_contain_text("State: Failed")
    accessible(page)


def test_pages_of_staff_fit_on_a_phone(world: World, live_server: LiveServer, browser: Browser, enter: Enter) -> None:
    """With the whole navigation in sight, and buttons and fields that a thumb hits."""
    phone: Any = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    signed_in = enter(world.people.operator).context.storage_state()
    page = browser.new_context(storage_state=signed_in, **phone).new_page()
    settings = ("settings/", "settings/permissions/", f"c/{SLUG}/settings/", f"c/{SLUG}/permissions/")
    for path in ("people/", "people/invite/", "activity/", *settings):
        page.goto(f"{live_server.url}/{path}")
        no_sideways(page)
        assert page.evaluate("(nav => nav.scrollWidth - nav.clientWidth)(document.querySelector('header nav'))") <= 0
        assert find_small(page, ".button, .input, .tabs a, header nav a") == [], path
    page.context.close()


def test_rows_and_results_are_hit_with_a_thumb(
    world: World, live_server: LiveServer, browser: Browser, enter: Enter, browse: Browse
) -> None:
    """On a phone and on a tablet, without rows that are higher for it."""
    confirm(browse(world.people.operator), f"{world.path}rename/", name="Front page", reason="new name")
    signed_in = enter(world.people.operator).context.storage_state()
    for width in (360, 900):
        touch: Any = {"viewport": {"width": width, "height": 900}, "has_touch": True, "is_mobile": True}
        page = browser.new_context(storage_state=signed_in, **touch).new_page()
        page.goto(f"{live_server.url}/c/{SLUG}/")
        changed, published = page.locator(".entry.change"), page.locator(".entry:not(.change)")
        expect(changed.first).to_contain_text("Front page")
        assert find_small(page, ".entry > a.summary, .entry .row-side a") == []
        assert published.first.evaluate("each => each.offsetHeight") <= 60
        assert changed.first.evaluate("each => each.offsetHeight") <= (100 if width == 360 else 40)
        no_sideways(page)
        page.goto(f"{live_server.url}/find/?q=booking")
        expect(page.locator(".result").first).to_be_visible()
        assert find_small(page, ".result") == []
        page.goto(f"{live_server.url}/find/customers/")
        expect(page.locator("#switch .item").first).to_be_visible()
        assert find_small(page, "#switch .item") == []
        page.keyboard.press("Control+k")
        expect(page.locator("#palette-input")).to_be_visible()
        assert find_small(page, "#palette-input, .palette .result") == []
        page.context.close()


def find_small(page: Page, selector: str) -> list[str]:
    """What is seen of these and is lower than a thumb needs."""
    found: list[str] = page.locator(selector).evaluate_all(
        "all => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
    )
    return found


def test_a_theme_applies_at_once_and_is_kept(enter: Enter, world: World) -> None:
    page = enter(world.people.owner)
    page.locator("header details.menu summary").click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_an_id_is_copied(enter: Enter, world: World, live_server: LiveServer) -> None:
    page = enter(world.people.owner)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}{world.live_path}")
    page.get_by_role("button", name="Copy the version's id").click()
    expect(page.locator("#announcement")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == world.main["active_version_id"]


def test_a_new_publish_appears_automatically(enter: Enter, world: World) -> None:
    page = enter(world.people.owner)
    expect(page.locator("#freshness")).to_contain_text("Updated")
    world.control.run_action("publish", deployment_id=world.main["id"], promote=True)
    page.locator("#refresh").click()
    expect(page.locator(".entry").first).to_contain_text(f"#{world.main['versions'] + 1}")


def test_nothing_is_left_after_signing_out(enter: Enter, world: World) -> None:
    page = enter(world.people.owner)
    page.locator("header details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.browser
def test_reading_without_javascript(db_ready: None, world: World, live_server: LiveServer, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(live_server.url)
    page.get_by_label("E-mail address").fill(world.people.owner.email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("State", exact=True).click()
    page.locator("input[name=state][value=failed]").check()
    page.locator(".menu[open]").get_by_role("button", name="Filter", exact=True).click()
    expect(page.locator("#history")).to_contain_text("State: Failed")
    page.locator("#history a.summary").first.click()
    expect(page.locator(".failure")).to_be_visible()
    page.get_by_role("link", name="Show the build log").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Build log")
    page.locator("#search").click()
    page.locator("#search-page").fill("Booking")
    page.keyboard.press("Enter")
    page.get_by_role("main").get_by_role("link", name="Booking").first.click()
    page.locator("#refresh").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Booking")
