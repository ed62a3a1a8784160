"""Every dialog of every page opens, closes and opens again."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace

from django.test import Client
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.deployments_ui.changes import confirm, older
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.journeys.conftest import Enter, kind_of

LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"]*)"')
DIALOG_LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"]*)"[^>]*\bhx-target="#dialog-body"')
# Pages of one kind are looked through for dialogs that the first of them does not have.
PAGES_OF_A_KIND = 3


def list_pages(client: Client, *starts: str) -> Iterator[str]:
    """Pages that these lead to: for each kind of page those with a kind of dialog that no earlier one had."""
    waiting, seen = list(starts), set(starts)
    kinds: dict[str, int] = {}
    known: set[tuple[str, str]] = set()
    while waiting:
        path = html.unescape(waiting.pop(0))
        kind = kind_of(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = client.get(path)
        if kinds[kind] > PAGES_OF_A_KIND or not answer["Content-Type"].startswith("text/html"):
            continue
        text = answer.content.decode()
        dialogs = {(kind, kind_of(each)) for each in DIALOG_LINK.findall(text)}
        if dialogs - known:
            known |= dialogs
            yield path
        openers = set(DIALOG_LINK.findall(text))
        new = [each for each in dict.fromkeys(LINK.findall(text)) if each not in openers | seen]
        seen.update(new)
        waiting += [each for each in new if each.startswith((f"/c/{SLUG}/", "/operations/"))]


def list_openers(page: Page, opened: set[tuple[str, str]]) -> list[Locator]:
    """A link for each kind of dialog that none opened before, and one in each part of the page.

    What a link could inherit depends on the part that it is in. `opened` is added to.
    """
    found = []
    for link in page.locator('a[hx-target="#dialog-body"]').all():
        part = link.evaluate("each => each.parentElement.closest('[id]')?.id ?? ''")
        part = re.sub(r"\d+", "", part.partition("-")[0])
        dialog = kind_of(link.get_attribute("href") or "")
        new = {("", dialog), (kind_of(page.url), part)} - opened
        if new:
            opened |= new
            found.append(page.locator(f"[id='{link.get_attribute('id')}']"))
    return found


def load_menu_of_row(page: Page) -> None:
    """That of the first row, if the page has rows with menus."""
    menu = page.locator("a.row-actions")
    if menu.count():
        menu.first.click()
        expect(page.locator("details .row-actions")).to_be_focused()
        page.keyboard.press("Escape")


def expect_to_reopen(page: Page, opener: Locator) -> None:
    """Open the dialog and close it: with Cancel, and again with Escape."""
    dialog = page.locator("#dialog")
    for close in ("Cancel", "Escape"):
        if not opener.count():
            load_menu_of_row(page)  # the page was updated, and its rows with it
        menu = opener.locator("xpath=ancestor::details[not(@open)]/summary")
        if menu.count():
            menu.click()
        opener.click()
        expect(dialog).to_be_visible()
        expect(dialog.locator("h1")).not_to_be_empty()
        if close == "Cancel":
            dialog.get_by_role("link", name=re.compile("^(Cancel|Close)$")).click()
        else:
            page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(page.locator("#dialog-body")).to_be_empty()
        expect(page.locator(".htmx-request")).to_have_count(0)


def test_every_dialog_of_every_page_opens_again_after_it_was_closed(
    enter: Enter, world: World, live_server: LiveServer, settings: Settings
) -> None:
    """The fixture `complaints` fails the test on any error that htmx reports in the console."""
    settings.MIOSA = replace(settings.MIOSA, deletes_env=True)
    client = Client()
    client.force_login(world.people.operator)
    confirm(client, f"{world.path}versions/{older(world)[0]['id']}/rollback/")
    page = enter(world.people.operator)
    opened: set[tuple[str, str]] = set()
    for path in list(list_pages(client, f"/c/{SLUG}/")):
        page.goto(f"{live_server.url}{path}")
        expect(page.locator(".htmx-request")).to_have_count(0)
        load_menu_of_row(page)
        for opener in list_openers(page, opened):
            expect_to_reopen(page, opener)
    assert {dialog for page, dialog in opened if not page} >= {
        "env_set",
        "detachment",
        "stop",
        "deletion",
    }
