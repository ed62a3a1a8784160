"""`make pictures`: the pictures of README and docs, taken from the demo in a browser, in both themes.

They are taken anew when pages change, so that they show the portal as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

MOST_BYTES = 150_000
THEMES = ("light", "dark")
CUSTOMER = "/c/brightsmile-dental/"
CHECKED_WITHIN_MS = 120_000
NEW_DOMAIN = "shop.brightsmile.example"


@dataclass(frozen=True, slots=True)
class Picture:
    """`email` signs in. `open_page` leads to what is shown, from the portal's address; sizes are in CSS pixels."""

    name: str
    email: str
    open_page: Callable[[Page, str], None]
    width: int = 1280
    height: int = 800


def open_home(page: Page, url: str) -> None:
    page.goto(url)


def open_history(page: Page, url: str) -> None:
    page.goto(url + CUSTOMER)


def open_rollback(page: Page, url: str) -> None:
    page.goto(url + CUSTOMER)
    page.get_by_role("link", name="Roll back… Main site").click()
    expect(page.locator("dialog[open] form")).to_be_visible()


def open_insights(page: Page, url: str) -> None:
    page.goto(f"{url}{CUSTOMER}insights/?days=90")


def open_dns(page: Page, url: str) -> None:
    """The records of a domain that was just added. The first time it has to be added."""
    page.goto(url + CUSTOMER)
    page.locator("main").get_by_role("link", name="Main site").first.click()
    page.get_by_role("navigation", name="About this app").get_by_role("link", name="Domains").click()
    known = page.get_by_role("link", name=NEW_DOMAIN)
    if not known.count():
        page.locator("main input[name=domain]").fill(NEW_DOMAIN)
        page.locator("main form").get_by_role("button").first.click()
        page.wait_for_load_state("networkidle")
    if known.count():
        known.first.click()
    expect(page.get_by_text("no such name").first).to_be_visible(timeout=CHECKED_WITHIN_MS)


OPERATOR, OWNER = "operator@portal.test", "owner@brightsmile.test"
PICTURES = (
    Picture("home", OPERATOR, open_home),
    Picture("history", OWNER, open_history),
    Picture("rollback", OWNER, open_rollback),
    Picture("dns", OWNER, open_dns),
    Picture("insights", OWNER, open_insights),
    Picture("phone", OWNER, open_history, width=390, height=844),
)


def name_file(picture: Picture, theme: str) -> str:
    return f"{picture.name}-{theme}.webp"
