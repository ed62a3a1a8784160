"""The same gesture does the same thing on every page: the palette, shortcuts, dialogs, menus, toasts, the frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import Operation
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.journeys.conftest import Enter
from tests.waiting import wait_until

Check = Callable[[Page], None]

# The contrast of an element's text with its own background, as in WCAG 2. Canvas turns any colour into sRGB.
CONTRAST = """element => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (color) => {
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map((each) => each / 255)
      .map((each) => (each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = getComputedStyle(element);
  const [dark, light] = [luminance(style.color), luminance(style.backgroundColor)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}"""


def open_palette(page: Page, text: str = "") -> Locator:
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Name, number")
    expect(field).to_be_focused()
    if text:
        field.press_sequentially(text)
    return field


# How far below its tabs a page's content begins. The name of a section for screen readers takes no room.
BELOW_TABS = """tabs => {
  let next = tabs.nextElementSibling;
  while (next.matches(".sr") || !next.getBoundingClientRect().height) next = next.nextElementSibling;
  return Math.round(next.getBoundingClientRect().top - tabs.getBoundingClientRect().bottom);
}"""


def place_of(part: Locator) -> tuple[int, int]:
    """Where it begins, and how wide it is."""
    box = part.bounding_box()
    assert box
    return round(box["x"]), round(box["width"])


def open_rollback(page: Page) -> Locator:
    page.locator("#action-roll-back").click()
    dialog = page.locator("#dialog")
    expect(dialog.locator("#release")).to_be_visible()
    return dialog


class TestPalette:
    def test_enter_goes_to_the_first_result_as_soon_as_it_is_there(self, enter: Enter, world: World) -> None:
        page = enter(world.people.operator)
        open_palette(page, "smile booking")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Booking")
        open_palette(page)
        expect(page.get_by_role("group", name="Booking")).to_be_visible()

    def test_an_action_opens_its_form_over_the_page(self, enter: Enter, world: World, accessible: Check) -> None:
        page = enter(world.people.owner)
        open_palette(page, "main roll")
        expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
        accessible(page)
        page.keyboard.press("Enter")
        expect(page.locator("#dialog h1")).to_contain_text("Roll back Main site")
        expect(page.locator("#palette")).to_be_hidden()
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()
        assert page.evaluate("document.activeElement !== document.body")

    def test_arrows_choose_and_what_was_open_last_comes_first(
        self, enter: Enter, world: World, live_server: LiveServer
    ) -> None:
        page = enter(world.people.owner)
        page.goto(f"{live_server.url}{world.path}")
        page.goto(f"{live_server.url}/profile/")
        open_palette(page)
        recent = page.get_by_role("group", name="Recent").get_by_role("option")
        expect(recent.first).to_have_text(re.compile("Main site"))
        page.keyboard.press("ArrowDown")
        expect(recent.nth(1)).to_have_attribute("aria-selected", "true")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Bright Smile Dental")

    def test_the_theme_and_signing_out(self, enter: Enter, world: World) -> None:
        page = enter(world.people.owner)
        open_palette(page, "dark")
        expect(page.get_by_role("option", name="Theme: dark")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        open_palette(page, "sign out")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        page.wait_for_load_state()
        assert page.evaluate("sessionStorage.getItem('recent')") is None

    def test_what_the_page_does_not_have_leaves_no_heading(
        self, enter: Enter, world: World, live_server: LiveServer
    ) -> None:
        page = enter(world.people.owner)
        page.goto(f"{live_server.url}/profile/")
        expect(page.locator("#refresh")).to_have_count(0)
        open_palette(page, "reload")
        expect(page.locator("#palette").get_by_text("No results")).to_be_visible()
        expect(page.locator("#palette [role=group]")).to_have_count(0)
        page.locator("#palette-input").fill("dark")
        expect(page.get_by_role("option", name="Theme: dark")).to_be_visible()
        expect(page.locator("#palette").get_by_text("No results")).to_be_hidden()


class TestShortcuts:
    def test_j_k_and_o_walk_a_list(self, enter: Enter, world: World, live_server: LiveServer) -> None:
        page = enter(world.people.operator)
        page.goto(f"{live_server.url}/customers/")
        rows = page.locator("[data-row]")
        expect(rows.nth(1)).to_be_visible()
        for key in "jjk":
            page.keyboard.press(key)
        expect(rows.first.locator("a").first).to_be_focused()
        address = rows.first.locator("a").first.get_attribute("href") or ""
        page.keyboard.press("o")
        page.wait_for_url(f"**{address}")

    def test_a_question_mark_lists_them_and_they_can_be_switched_off(self, enter: Enter, world: World) -> None:
        page = enter(world.people.owner)
        page.keyboard.press("?")
        expect(page.locator("#dialog h1")).to_have_text("Keyboard shortcuts")
        page.get_by_role("checkbox", name="single key").uncheck()
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()
        page.keyboard.press("/")
        page.keyboard.press("?")
        expect(page.locator("dialog[open]")).to_have_count(0)
        open_palette(page)

    def test_on_a_mac_both_modifiers_open_the_palette(self, enter: Enter, world: World, page: Page) -> None:
        page.add_init_script("Object.defineProperty(navigator, 'platform', { get: () => 'MacIntel' })")
        enter(world.people.owner)
        for modifier in ("Meta", "Control"):
            page.keyboard.press(f"{modifier}+k")
            expect(page.get_by_role("option").first).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.locator("#palette")).to_be_hidden()
        page.keyboard.press("?")
        expect(page.locator("#dialog kbd").first).to_have_text("⌘ K")

    def test_letters_are_typed_where_somebody_types(self, enter: Enter, world: World) -> None:
        page = enter(world.people.owner)
        field = page.locator("#history-search, .filters input[type=search]").first
        field.click()
        page.keyboard.type("jo?/r")
        expect(field).to_have_value("jo?/r")
        expect(page.locator("dialog[open]")).to_have_count(0)


class TestDialogs:
    def test_while_sending_the_button_says_so_and_is_pressed_once(
        self, enter: Enter, world: World, live_server: LiveServer
    ) -> None:
        page = enter(world.people.owner)
        page.goto(f"{live_server.url}{world.path}")
        dialog = open_rollback(page)
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route(lambda url: url.endswith("/rollback/"), hold)
        button = dialog.locator(".dialog-foot .primary")
        label, (_x, width) = button.inner_text(), place_of(button)
        button.click()
        expect(button).to_have_text("Rolling back…")
        expect(button).to_be_focused()
        for theme in ("light", "dark"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            wait_until(lambda: button.evaluate(CONTRAST) >= 4.5, seconds=5)
        assert place_of(button)[1] >= width
        button.click()
        page.keyboard.press("Enter")
        assert len(held) == 1
        held[0].fulfill(status=503)
        expect(button).to_have_text(label)
        page.unroute_all()
        button.click()
        expect(dialog.locator("#operation")).to_be_visible()
        assert Operation.objects.count() == 1

    def test_disabled_buttons_stay_legible_under_the_pointer(
        self, enter: Enter, world: World, live_server: LiveServer
    ) -> None:
        page = enter(world.people.operator)
        for theme in ("light", "dark"):
            page.context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
            page.goto(f"{live_server.url}/styleguide/")
            for button in page.locator(".button:is(:disabled, [aria-disabled])").all():
                button.hover(force=True)
                assert button.evaluate(CONTRAST) >= 4.5, theme

    def test_enter_never_fires_a_release_and_sends_a_name(
        self, enter: Enter, world: World, live_server: LiveServer
    ) -> None:
        page = enter(world.people.operator)
        page.goto(f"{live_server.url}{world.path}")
        dialog = open_rollback(page)
        dialog.get_by_role("radio", name="Checkout broken").check()
        page.keyboard.press("Enter")
        expect(dialog.locator("#release")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_text("More", exact=True).click()
        page.locator("#action-rename").click()
        name = dialog.get_by_label("Name", exact=True)
        expect(name).to_be_focused()
        name.fill("Front page")
        page.keyboard.press("Enter")
        expect(dialog.locator("#reason")).to_be_focused()
        expect(dialog.locator(".error")).to_contain_text("Enter a reason")
        expect(name).to_have_value("Front page")
        assert not Operation.objects.exists()

    def test_a_ready_reason_hides_the_field_and_escape_keeps_what_was_typed(
        self, enter: Enter, world: World, live_server: LiveServer
    ) -> None:
        page = enter(world.people.owner)
        page.goto(f"{live_server.url}{world.path}")
        dialog = open_rollback(page)
        reason = dialog.locator("#reason")
        dialog.get_by_role("radio", name="Checkout broken").check()
        expect(reason).to_be_hidden()
        dialog.get_by_role("radio", name="Other").check()
        expect(reason).to_be_focused()
        reason.fill("The order form is empty")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(page.locator("#action-roll-back")).to_be_focused()
        open_rollback(page)
        expect(reason).to_have_value("The order form is empty")


class TestFrame:
    def test_search_and_account_keep_their_places(self, enter: Enter, world: World, live_server: LiveServer) -> None:
        """On pages with data, which have an age, and on pages without."""
        page = enter(world.people.operator)
        for width in (1440, 360):
            page.set_viewport_size({"width": width, "height": 800})
            places = []
            for path in ("/customers/", world.path, "/people/", "/profile/", f"{world.live_path}log/", "/no/such/"):
                page.goto(f"{live_server.url}{path}")
                places.append([place_of(page.locator(part)) for part in ("#search", ".top-in > .menu > summary")])
            assert all(each == places[0] for each in places), (width, places)

    def test_content_begins_at_the_same_height_below_tabs(
        self, enter: Enter, world: World, live_server: LiveServer
    ) -> None:
        page = enter(world.people.operator)
        of_app = [f"{world.path}{tab}" for tab in ("env/", "domains/", "builds/", "insights/")]
        of_customer = [f"/c/{SLUG}/{tab}" for tab in ("activity/", "operations/", "insights/", "people/", "settings/")]
        of_all = ["/activity/", "/operations/", "/people/", "/people/invitations/"]
        gaps = {}
        for path in (*of_app, *of_customer, *of_all):
            page.goto(f"{live_server.url}{path}")
            gaps[path] = page.locator(".tabs").evaluate(BELOW_TABS)
        assert set(gaps.values()) == {16}, gaps

    def test_the_switcher_leads_to_the_same_page_of_another_customer(
        self, enter: Enter, world: World, live_server: LiveServer
    ) -> None:
        page = enter(world.people.operator)
        page.goto(f"{live_server.url}/c/{SLUG}/people/")
        page.locator(".switcher summary").click()
        page.get_by_label("Find a customer").press_sequentially("pawsome")
        expect(page.locator("#switch a")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/c/pawsome-vets/people/")

    def test_the_current_tab_is_in_sight_on_a_phone(
        self, enter: Enter, world: World, live_server: LiveServer, phone: Page
    ) -> None:
        enter(world.people.operator)
        phone.goto(f"{live_server.url}{world.path}builds/")
        x, width = place_of(phone.locator(".tabs [aria-current]"))
        assert 0 <= x <= 360 - width

    def test_a_menu_at_the_end_of_the_window_opens_upwards(
        self, enter: Enter, world: World, live_server: LiveServer
    ) -> None:
        page = enter(world.people.owner)
        page.goto(f"{live_server.url}{world.path}")
        page.locator("a.row-actions").last.evaluate("link => link.scrollIntoView({ block: 'end' })")
        page.locator("a.row-actions").last.click()
        menu = page.locator(".row-actions + .menu-body")
        expect(menu).to_be_visible()
        expect(page.locator("details.menu.up")).to_have_count(1)
        box: Any = menu.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= page.evaluate("innerHeight")

    def test_a_result_is_shown_as_a_toast_that_can_be_dismissed(self, enter: Enter, world: World) -> None:
        page = enter(world.people.owner)
        page.locator("#refresh").click()
        toast = page.locator("#toasts .toast")
        expect(toast).to_contain_text("Updated just now.")
        toast.get_by_role("button", name="Dismiss").click()
        expect(toast).to_have_count(0)


@pytest.mark.browser
def test_without_javascript_the_same_can_be_done(
    enter: Enter, world: World, live_server: LiveServer, browser: Browser
) -> None:
    state = enter(world.people.operator).context.storage_state()
    page = browser.new_context(java_script_enabled=False, storage_state=state).new_page()
    page.goto(f"{live_server.url}/c/{SLUG}/people/")
    page.locator(".switcher summary").click()
    page.get_by_label("Find a customer").fill("pawsome")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="Pawsome Vets").click()
    assert page.url.endswith("/c/pawsome-vets/people/")
    page.locator("#search").click()
    page.get_by_role("searchbox").fill("main roll")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Roll back Main site").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Roll back Main site")
    expect(page.locator("#reason")).to_be_visible()
    page.goto(f"{live_server.url}/profile/")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Your profile was saved.")
    page.locator("header details.menu summary").click()
    page.get_by_role("link", name="Keyboard shortcuts").click()
    expect(page.get_by_text("Next row of the list")).to_be_visible()
