"""What surrounds every page: the brand, the main navigation, the theme, the person signed in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from deployments_ui import assets, links
from portal.permissions import Person
from portal.services.brands.current import CurrentBrand, get_brand
from portal.services.queries import customers
from portal.services.queries.schemas import CustomerSummary

THEMES = ("light", "dark")
# Pages that every customer has, by the names of their URLs: the switcher stays on the same one.
CUSTOMER_PAGES = (
    *("history", "customer_activity", "customer_operations", "customer_insights", "customer_people"),
    *("customer_settings", "customer_permissions"),
)
HTMX_CONFIG = {
    # Nothing that the Content-Security-Policy forbids, and nothing kept of a page of somebody who signed out.
    "allowEval": False,
    "allowScriptTags": False,
    "defaultSettleDelay": 0,
    # Each element says its own target and swap: what a wrapper says for itself must not reach the links inside it.
    "disableInheritance": True,
    "historyCacheSize": 0,
    "historyRestoreAsHxRequest": False,
    "includeIndicatorStyles": False,
    "refreshOnHistoryMiss": True,
    "selfRequestsOnly": True,
    "timeout": 20_000,
    # An error keeps its status and is shown as a notice; an invalid form (422) is the form again.
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "422", "swap": True},
        {"code": "[45]..", "swap": True, "error": True, "target": "#notices", "swapOverride": "innerHTML"},
    ],
}


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    url: str
    is_current: bool


class Frame:
    """`frame` in templates. Everything is computed when a template uses it."""

    htmx_config = json.dumps(HTMX_CONFIG, separators=(",", ":"))

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def stylesheet(self) -> str:
        return links.asset(assets.get_bundle("css").digest, "css")

    @property
    def script(self) -> str:
        return links.asset(assets.get_bundle("js").digest, "js")

    @cached_property
    def brand(self) -> CurrentBrand:
        """That of the host name; the default one if the name is not one of ours, as on the error page about it."""
        try:
            return get_brand(self._request.get_host())
        except DisallowedHost:
            return get_brand()

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @property
    def opened_at(self) -> datetime:
        """When this page was made, for its print."""
        return timezone.now()

    @property
    def zone(self) -> str:
        return timezone.get_current_timezone_name()

    @property
    def theme(self) -> str:
        """light, dark, or auto. This browser's choice; in one without, that of the account."""
        account = getattr(getattr(self._request, "user", None), "theme", "") if self.person else ""
        chosen = self._request.COOKIES.get("theme") or account
        return chosen if chosen in THEMES else "auto"

    @property
    def themes(self) -> list[tuple[str, str]]:
        return [("auto", _("System")), ("light", _("Light")), ("dark", _("Dark"))]

    @property
    def sign_on_name(self) -> str:
        """The OpenID provider's name on the sign-in page; empty without one."""
        return settings.OIDC_NAME if settings.OIDC_ISSUER else ""

    @cached_property
    def person(self) -> Person | None:
        """The person signed in, or None."""
        person: Person | None = getattr(self._request, "person", None)
        return person if person is not None and person.id else None

    @property
    def is_staff(self) -> bool:
        return self.person is not None and self.person.is_staff

    @property
    def initials(self) -> str:
        """Of the first and the last name, for narrow pages."""
        words = self.person.name.split() if self.person else []
        return "".join(word[0] for word in [*words[:1], *words[1:][-1:]])

    @property
    def has_switcher(self) -> bool:
        """Whether there is another customer to change to."""
        return self.is_staff or (self.person is not None and len(self.person.roles) > 1)

    @property
    def page_kind(self) -> str:
        """The kind of page that other customers have too; a page of one app has its customer's history."""
        match = self._request.resolver_match
        return match.url_name if match is not None and match.url_name in CUSTOMER_PAGES else CUSTOMER_PAGES[0]

    def navigation(self, customer: CustomerSummary | None = None) -> list[NavItem]:
        """`customer` is the one that the page shows: a person who has only that one needs no query."""
        if self.person is None:
            return []
        if self.person.is_staff:
            pages = [
                (_("Home"), links.home()),
                (_("Customers"), links.customers()),
                (_("Activity"), links.activity()),
            ]
            if self.person.is_operator:
                pages += [(_("People"), links.people()), (_("Settings"), links.settings())]
        elif len(self.person.roles) > 1:
            pages = [(_("Customers"), links.customers())]
        else:
            homes = [customer] if customer is not None else customers.list_own(by=self.person)
            pages = [(home.name, links.customer(home.slug)) for home in homes]
        return [NavItem(label, url, is_current=self._is_at(url)) for label, url in pages]

    def _is_at(self, url: str) -> bool:
        """Operations and the audit log are one entry."""
        path = self._request.path
        return path == url or (url == links.activity() and path == links.operations())


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor. One `csrf_token` for the page; that of Django is a new one each time it is printed."""
    return {"frame": Frame(request), "csrf_token": SimpleLazyObject(lambda: get_token(request))}
