"""Every page that a person can reach, in both themes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import User
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.security.dataset import Dataset, create_dataset
from tests.security.matrix import ACCESS, get_arguments, get_url
from tests.simulator_control import SimulatorControl

Check = Callable[[Page], None]

NO_PAGES = {
    *("activity_export", "customer_activity_export", "build_text", "instance_text", "log_text", "manifest", "robots"),
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
# People other than operators see fewer pages, and on these something else.
OF_OWNERS = ("history", "deployment", "domains", "customer_activity", "customer_people", "customers", "account_logout")
OF_VIEWERS = ("history", "deployment", "domains", "customer_operations")
# They exist for who has second factors.
OF_SECOND_FACTORS = ("mfa_view_recovery_codes", "mfa_deactivate_totp", "mfa_reauthenticate", "profile")
OF_PASSKEYS = ("mfa_edit_webauthn", "mfa_remove_webauthn")


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
    return create_dataset(simulator)


class Visitor:
    def __init__(self, page: Page, server: LiveServer, dataset: Dataset, accessible: Check) -> None:
        self.page, self.server, self.dataset, self.accessible = page, server, dataset, accessible

    def become(self, who: str) -> None:
        """Signs in with the password, as far as that goes: a second factor stays open."""
        client, user = Client(), self.dataset.people[who]
        client.post("/accounts/login/", {"login": user.email, "password": DEMO_PASSWORD})
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie: Any = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.server.url}
        self.page.context.add_cookies([cookie])

    def visit(self, *names: str, who: str) -> None:
        for name in names:
            self.check(get_url(name, get_arguments(self.dataset.own, name, who=who)))

    def check(self, path: str) -> None:
        self.page.goto(f"{self.server.url}{path}")
        expect(self.page.locator(".htmx-request")).to_have_count(0)
        for theme in ("light", "dark"):
            self.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            try:
                self.accessible(self.page)
            except AssertionError as error:
                raise AssertionError(f"{self.page.url} in the theme {theme}") from error


@pytest.fixture
def visitor(dataset: Dataset, page: Page, live_server: LiveServer, complaints: list[str], accessible: Check) -> Visitor:
    page.emulate_media(reduced_motion="reduce")  # else the colours of the themes change slowly
    return Visitor(page, live_server, dataset, accessible)


def test_pages_without_a_sign_in_are_accessible(visitor: Visitor) -> None:
    visitor.visit(*list_pages(is_open=True), who="owner")
    visitor.check("/no/such/")


def test_pages_of_operators_are_accessible(visitor: Visitor) -> None:
    visitor.become("operator")
    visitor.visit(*list_pages(is_open=False), who="operator")
    visitor.check("/find/?q=main")


def test_pages_of_customers_are_accessible(visitor: Visitor) -> None:
    visitor.become("viewer")
    visitor.visit(*OF_VIEWERS, who="viewer")
    visitor.become("owner")
    visitor.visit(*OF_OWNERS, who="owner")
    passkey = add_second_factors(visitor.dataset.people["owner"])
    visitor.visit(*OF_SECOND_FACTORS, who="owner")
    for name in OF_PASSKEYS:
        visitor.check(reverse(name, kwargs={"pk": passkey.pk}))
    passkey.delete()
    visitor.become("owner")
    visitor.check("/accounts/second-factor/")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Second factor")


def add_second_factors(user: User) -> Authenticator:
    """An app, recovery codes, and the passkey that is returned, which no device has."""
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    passkey: Authenticator = Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Work laptop", "credential": {}}
    )
    return passkey
