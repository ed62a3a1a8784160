"""Every page, dialog and menu that a person can reach: of each role, wide and narrow, in both themes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Locator, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import User
from portal.services.people.demo_people import DEMO_PASSWORD
from tests import snapshots
from tests.deployments_ui.conftest import read_everything
from tests.deployments_ui.journeys.conftest import check_accessibility, kind_of
from tests.security.dataset import Dataset, create_dataset
from tests.security.matrix import ACCESS, get_arguments, get_url
from tests.simulator_control import SimulatorControl

NO_PAGES = {
    *(
        "activity_export",
        "asset",
        "customer_activity_export",
        "build_text",
        "instance_text",
        "log_text",
        "manifest",
        "robots",
    ),
    *("customer_operations_export", "customers_export", "history_export", "operations_export"),
    *("brand_icon", "brand_logo", "brand_stylesheet", "customer_logo", "favicon", "settings_brand_colors"),
    # These lead to other pages of the list, for who is not in the middle of something.
    *("account_logout", "handoff_continue", "home", "last_good", "mfa_authenticate", "mfa_index", "mfa_list_webauthn"),
    *("mfa_login_webauthn", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "undo"),
}
# Their template is that of another page, with other words.
SAME_TEMPLATE = {
    *("member_removal", "person_deactivation", "person_reactivation", "person_second_factors", "person_sign_out"),
    *("settings_brand_new", "styleguide"),
}
# They exist for who has second factors.
OF_SECOND_FACTORS = ("mfa_view_recovery_codes", "mfa_deactivate_totp", "mfa_reauthenticate", "profile")
OF_PASSKEYS = ("mfa_edit_webauthn", "mfa_remove_webauthn")
# From these, every kind of menu and dialog opens.
WITH_DIALOGS = ("home", "customers", "history", "deployment", "version", "env", "domains", "domain", "customer_people")
SIZES: tuple[ViewportSize, ...] = ({"width": 1440, "height": 900}, {"width": 360, "height": 740})
# The pages of operators are many: tests of even size run beside each other.
PARTS = 4
START_TAG = re.compile(r"<[a-z][^>]*>")
VARYING = re.compile(r'(?<!class)="[^"]*"')


def list_pages(*, is_open: bool) -> list[str]:
    """The names of the pages that are open to everybody, or to an operator."""
    return [
        name
        for name, access in ACCESS.items()
        if access.is_open is is_open
        and "GET" in access.methods
        and not (access.is_json or access.is_missing)
        and name not in NO_PAGES | SAME_TEMPLATE
    ]


@pytest.fixture
def dataset(db_ready: None, simulator: SimulatorControl) -> Dataset:
    snapshots.restore_or_create("without people", simulator, read_everything)  # quicker than to read it all again
    return create_dataset(simulator)


class Visitor:
    def __init__(self, page: Page, server: LiveServer, dataset: Dataset) -> None:
        self.page, self.server, self.dataset = page, server, dataset
        self.opened: set[str] = set()

    def become(self, who: str) -> None:
        """Signs in with the password, as far as that goes: a second factor stays open."""
        client, user = Client(), self.dataset.people[who]
        client.post("/accounts/login/", {"login": user.email, "password": DEMO_PASSWORD})
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie: Any = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.server.url}
        self.page.context.add_cookies([cookie])

    def path_of(self, name: str, *, who: str) -> str:
        return get_url(name, get_arguments(self.dataset.own, name, who=who))

    def open(self, path: str) -> None:
        self.page.goto(f"{self.server.url}{path}")
        self.wait()

    def wait(self) -> None:
        expect(self.page.locator(".htmx-request")).to_have_count(0)

    def visit(self, path: str) -> None:
        self.open(path)
        for size in SIZES:
            self.page.set_viewport_size(size)
            self.check()

    def check(self, part: str = "") -> None:
        """In both themes."""
        for theme in ("dark", "light"):
            self.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            try:
                check_accessibility(self.page, part)
            except AssertionError as error:
                width = self.page.evaluate("innerWidth")
                raise AssertionError(f"{self.page.url} {part} in the theme {theme}, {width} px wide") from error

    def check_menus(self) -> None:
        """One of each kind, that of a row of a timeline among them."""
        rows = self.page.locator("a.row-actions")
        if rows.count():
            rows.first.click()
            self.wait()
            self.check("details.menu[open]")
            self.page.keyboard.press("Escape")
        for summary in self.page.locator("details.menu:not([open]) > summary").all():
            name = summary.inner_text().strip()
            if summary.is_visible() and name not in self.opened:
                self.opened.add(name)
                summary.click()
                self.wait()
                self.check("details.menu[open]")
                self.page.keyboard.press("Escape")

    def check_dialogs(self) -> None:
        """One of each kind that was not open before."""
        # Menus of rows are gone once their row was read again; what they open, other links open too.
        links = self.page.locator('a[hx-target="#dialog-body"]:not(.row-actions ~ .menu-body a)')
        found = links.evaluate_all("all => all.map(link => [link.id, link.getAttribute('href')])")
        for link_id, address in found:
            if kind_of(address) not in self.opened:
                self.opened.add(kind_of(address))
                self.check_dialog(self.page.locator(f"[id='{link_id}']"))

    def check_dialog(self, link: Locator) -> None:
        menu = link.locator("xpath=ancestor::details[not(@open)]/summary")
        if menu.count():
            menu.click()
        link.click()
        dialog = self.page.locator("#dialog")
        expect(dialog).to_be_visible()
        self.check("#dialog")
        self.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        self.wait()


@pytest.fixture
def visitor(dataset: Dataset, page: Page, live_server: LiveServer, complaints: list[str]) -> Visitor:
    page.emulate_media(reduced_motion="reduce")  # else the colours of the themes change slowly
    return Visitor(page, live_server, dataset)


def test_pages_without_a_sign_in_are_accessible(visitor: Visitor) -> None:
    for name in list_pages(is_open=True):
        visitor.visit(visitor.path_of(name, who="owner"))
    visitor.visit("/no/such/")


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_of_operators_are_accessible(visitor: Visitor, part: int) -> None:
    visitor.become("operator")
    paths = [visitor.path_of(name, who="operator") for name in list_pages(is_open=False)]
    for path in [*paths, "/find/?q=main"][part::PARTS]:
        visitor.visit(path)


@pytest.mark.parametrize("who", ["support", "owner", "viewer"])
def test_pages_of_other_roles_are_accessible(visitor: Visitor, who: str) -> None:
    """Those that show them something else than operators."""
    visitor.become(who)
    for path in list_other_pages(visitor, who=who):
        visitor.visit(path)


def list_other_pages(visitor: Visitor, *, who: str) -> Iterator[str]:
    """The pages with a kind of element that neither the operator's page has, nor one before."""
    operator, client = visitor.dataset.client("operator"), visitor.dataset.client(who)
    known: set[str] = set()
    for name in list_pages(is_open=False):
        path = visitor.path_of(name, who=who)
        response = client.get(path)
        if response.status_code == 200:
            known |= list_elements(operator.get(path).content)
            new = list_elements(response.content) - known
            known |= new
            if new:
                yield path


def list_elements(page: bytes) -> set[str]:
    """The start tags, without what differs from one person to the next."""
    return {re.sub(VARYING, "", tag) for tag in re.findall(START_TAG, page.decode())}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
@pytest.mark.parametrize("who", ["operator", "owner"])
def test_dialogs_and_menus_are_accessible(visitor: Visitor, who: str, size: ViewportSize) -> None:
    visitor.page.set_viewport_size(size)
    visitor.become(who)
    for name in WITH_DIALOGS:
        visitor.open(visitor.path_of(name, who=who))
        visitor.check_menus()
        visitor.check_dialogs()
    visitor.page.keyboard.press("Control+k")
    visitor.page.keyboard.type("main")
    expect(visitor.page.get_by_role("option").first).to_be_visible()
    visitor.wait()
    visitor.check("#palette")
    assert visitor.opened >= {"last_good", "shortcuts", "publication"}


def test_pages_of_second_factors_are_accessible(visitor: Visitor) -> None:
    visitor.become("owner")
    passkey = add_second_factors(visitor.dataset.people["owner"])
    for name in OF_SECOND_FACTORS:
        visitor.visit(visitor.path_of(name, who="owner"))
    for name in OF_PASSKEYS:
        visitor.visit(reverse(name, kwargs={"pk": passkey.pk}))
    passkey.delete()
    visitor.become("owner")
    visitor.visit("/accounts/second-factor/")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Second factor")


def add_second_factors(user: User) -> Authenticator:
    """An app, recovery codes, and the passkey that is returned, which no device has."""
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    passkey: Authenticator = Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Work laptop", "credential": {}}
    )
    return passkey
