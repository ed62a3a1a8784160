"""What stands around every page: the brand, the places a person can go to, how the page is dressed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from deployments_ui import links
from deployments_ui.stencil import Stencil
from deployments_ui.times import Clock
from portal.permissions import Person
from portal.services.queries import customers
from portal.services.queries.schemas import CustomerSummary

THEMES = ("light", "dark")


@dataclass(slots=True)
class Place:
    label: str
    url: str
    is_current: bool


@dataclass(slots=True)
class Choice:
    name: str
    value: str
    label: str
    is_chosen: bool


@dataclass(slots=True)
class Top:
    brand: str
    find_url: str
    theme_url: str
    sign_out_url: str
    name: str
    initials: str
    email: str
    csrf: str
    places: SafeString
    age: SafeString
    themes: SafeString
    has_person: bool
    is_error: bool


TOP = Stencil("frame/_top.html", Top)
PLACE = Stencil("frame/_place.html", Place)
CHOICE = Stencil("components/_choice.html", Choice)
# Written into every page in this order; layers make the order of rules.
SHEETS = ("tokens", "base", "layout", "components", "pages", "forms", "domains")
SCRIPTS = ("django_htmx/htmx-2.min.js", "js/app.js", "js/dialogs.js")


class Frame:
    """Worked out only as far as the template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def brand(self) -> str:
        return str(settings.PORTAL_NAME)

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @property
    def assets(self) -> SafeString:
        """Names of files change with their content only, and that takes a new process."""
        return assets() if settings.DEBUG else kept_assets()

    @property
    def theme(self) -> str:
        chosen = self._request.COOKIES.get("theme", "")
        return chosen if chosen in THEMES else ""

    @property
    def zone(self) -> str:
        return timezone.get_current_timezone_name()

    @cached_property
    def person(self) -> Person | None:
        """Who is signed in; None for nobody."""
        person: Person | None = getattr(self._request, "person", None)
        return person if person is not None and person.id else None

    @property
    def initials(self) -> str:
        """For a narrow page."""
        words = self.person.name.split() if self.person else []
        return "".join(word[0] for word in [*words[:1], *words[1:][-1:]])

    def top(self, *, customer: CustomerSummary | None, age: SafeString, csrf: str, is_error: bool) -> SafeString:
        person = self.person
        row = Top(
            brand=self.brand,
            find_url=links.find(),
            theme_url=links.theme(),
            sign_out_url=links.sign_out(),
            name=person.name if person else "",
            initials=self.initials,
            email=person.email if person else "",
            csrf=csrf,
            places=PLACE.draw(self.places(customer)),
            age=age,
            themes=self.themes,
            has_person=person is not None,
            is_error=is_error,
        )
        return TOP.draw([row])

    def places(self, customer: CustomerSummary | None) -> list[Place]:
        """`customer` is the one the page is about; whoever has only that one needs no query to be shown the way."""
        if self.person is None:
            return []
        if self.person.is_staff:
            return [self._place(_("Customers"), links.customers()), self._place(_("Operations"), links.operations())]
        is_only = customer is not None and len(self.person.roles) == 1
        homes = (customer,) if customer is not None and is_only else customers.list_homes(by=self.person)
        return [self._place(home.name, links.customer(home.slug)) for home in homes]

    def _place(self, label: str, url: str) -> Place:
        return Place(label, url, is_current=self._request.path == url)

    @property
    def themes(self) -> SafeString:
        labels = (("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark")))
        worn = self.theme or "auto"
        return CHOICE.draw(Choice("theme", value, label, is_chosen=value == worn) for value, label in labels)


@lru_cache(maxsize=1)
def kept_assets() -> SafeString:
    return assets()


def assets() -> SafeString:
    sheets = format_html_join(
        "", '<link rel="stylesheet" href="{}">', [(static(f"css/{name}.css"),) for name in SHEETS]
    )
    scripts = format_html_join("", '<script src="{}" defer></script>', [(static(name),) for name in SCRIPTS])
    icon = format_html('<link rel="icon" href="{}" type="image/svg+xml">', static("img/mark.svg"))
    return icon + sheets + scripts


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {"frame": Frame(request), "clock": Clock.of_reader()}
