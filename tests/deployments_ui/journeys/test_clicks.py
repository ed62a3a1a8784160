"""How many clicks from the page that somebody signed in gets first. Typing, Tab and Enter are not clicks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.deployments_ui.changes import list_changes_sent, older
from tests.deployments_ui.conftest import World
from tests.deployments_ui.journeys.conftest import Enter

# Each click of the mouse. A key, a label and a script click without a pointer.
COUNT_CLICKS = """addEventListener("click", (event) => {
  if (event.isTrusted && event.pointerType) sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
}, true);"""
CONFIRM = "#dialog .dialog-foot .primary"
NAME = "shop.brightsmile-new.example"


@pytest.fixture
def start(enter: Enter, page: Page) -> Enter:
    page.add_init_script(COUNT_CLICKS)
    return enter


def count_clicks(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.clicks ?? 0)"))


def get_app(world: World, name: str = "Main site") -> dict[str, str]:
    """As MIOSA has it."""
    apps = [app for customer in world.control.state()["customers"] for app in customer["deployments"]]
    found: dict[str, str] = next(app for app in apps if app["name"] == name)
    return found


def sent_paths(world: World) -> list[str]:
    return [row["path"].partition("/deployments/")[2] for row in list_changes_sent(world)]


def test_staff_roll_back_with_three(start: Enter, world: World, worker: None) -> None:
    page = start(world.people.support)
    page.locator("#home").get_by_role("link", name="Roll back… Main site").click()
    page.locator("#dialog").get_by_text("Checkout broken").click()
    page.locator(CONFIRM).click()
    expect(page.locator("#operation h1")).to_contain_text("is back on")
    assert get_app(world)["active_version_id"] == older(world)[0]["id"]
    assert count_clicks(page) == 3


def test_owners_roll_back_with_two_and_undo_with_one(start: Enter, world: World, worker: None) -> None:
    page = start(world.people.owner)
    target, was = older(world)[0]["id"], world.main["active_version_id"]
    page.get_by_role("link", name="Roll back… Main site").click()
    page.locator(CONFIRM).click()
    expect(page.locator("#operation h1")).to_contain_text("is back on")
    assert get_app(world)["active_version_id"] == target
    assert count_clicks(page) == 2
    page.locator("#operation-undo").click()
    expect(page.locator("#operation h1")).to_contain_text(f"is back on #{world.main['versions']}")
    assert get_app(world)["active_version_id"] == was
    assert count_clicks(page) == 3


def test_undo_where_it_is_listed_with_one(start: Enter, world: World, worker: None) -> None:
    page = start(world.people.owner)
    begin = page.url
    page.get_by_role("link", name="Roll back… Main site").click()
    page.locator(CONFIRM).click()
    expect(page.locator("#operation h1")).to_contain_text("is back on")
    before = count_clicks(page)
    page.goto(begin)
    page.locator("#history").get_by_role("button", name="Undo Main site").click()
    expect(page.locator("#operation h1")).to_contain_text(f"is back on #{world.main['versions']}")
    assert get_app(world)["active_version_id"] == world.main["active_version_id"]
    assert count_clicks(page) == before + 1


def test_promote_with_two(start: Enter, world: World, worker: None) -> None:
    page = start(world.people.owner)
    staged = get_app(world, "Booking")["active_version_id"]
    page.get_by_role("link", name="Promote… Booking").click()
    page.locator(CONFIRM).click()
    expect(page.locator("#operation h1")).to_contain_text("Booking is now on")
    assert get_app(world, "Booking")["active_version_id"] != staged
    assert count_clicks(page) == 2


def test_attach_a_domain_with_three(start: Enter, world: World) -> None:
    page = start(world.people.owner)
    page.locator("#apps").get_by_role("link", name="Main site", exact=True).click()
    page.get_by_role("link", name="Domains").click()
    page.locator("#new-domain").click()
    page.keyboard.type(NAME)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("shop.")
    assert sent_paths(world) == [f"{world.main['id']}/domains"]
    assert count_clicks(page) == 3


def test_set_an_env_var_with_four(start: Enter, world: World) -> None:
    page = start(world.people.owner)
    page.locator("#apps").get_by_role("link", name="Main site", exact=True).click()
    page.get_by_role("link", name="Env vars").click()
    page.locator("#new-name").click()
    page.keyboard.type("API_KEY")
    page.keyboard.press("Tab")
    page.keyboard.type("s3cr3t")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(CONFIRM).click()
    expect(page.locator("#operation")).to_contain_text("env vars updated")
    assert any(path.startswith(f"{world.main['id']}/env") for path in sent_paths(world))
    assert count_clicks(page) == 4


def test_compare_with_two(start: Enter, world: World) -> None:
    page = start(world.people.owner)
    target = older(world)[0]["number"]
    page.get_by_role("link", name=f"Actions Main site #{target}").first.click()
    page.get_by_role("link", name="Compare with live").click()
    expect(page.locator("#comparison h1")).to_contain_text(f"#{target} → #{world.main['versions']}")
    assert count_clicks(page) == 2
