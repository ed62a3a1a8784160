"""The filters above a timeline, and those in use below it. The same on every page that has a timeline.

What they offer and what of an address is valid comes from `queries.filters`, so this is no Django form: it would check
everything again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from django.http import QueryDict
from django.utils import timezone

from deployments_ui import formats, links
from deployments_ui.forms.filters import Chip
from deployments_ui.labels.states import EVENTS, STATES, kind
from deployments_ui.links import Pairs
from deployments_ui.translation import gettext as _
from portal.services.queries.filters import Choice, Choices, Filters
from portal.services.queries.schemas import State
from portal.services.queries.timeline import Page

DATES = ("from", "to")


class Filtered(Protocol):
    """A page with a timeline."""

    @property
    def page(self) -> Page: ...
    @property
    def filters(self) -> Filters: ...
    @property
    def choices(self) -> Choices: ...


class Option(NamedTuple):
    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Menu:
    """The options of one filter."""

    id: str
    name: str
    label: str
    options: list[Option]

    @property
    def is_used(self) -> bool:
        return any(option.is_chosen for option in self.options)

    @property
    def chosen(self) -> str:
        """What is shown beside its label: Failed; Failed +1."""
        chosen = [option.text for option in self.options if option.is_chosen]
        if not chosen:
            return ""
        return f"{chosen[0]} +{len(chosen) - 1}" if len(chosen) > 1 else chosen[0]


class Preset(NamedTuple):
    """Dates that people often want; `url` is the page with them."""

    text: str
    url: str
    is_chosen: bool


def get_context(found: Filtered, query: QueryDict, *, url: str) -> dict[str, Any]:
    """What the templates of `history/` need. `page_query` is the query of this page, checked."""
    filters, cursor, older = filter_query(found.filters), query.get("cursor", ""), found.page.next_cursor
    page_query = [*filters, ("cursor", cursor)] if cursor else filters
    menus = list_menus(found.filters, found.choices)
    return {
        "all_menus": menus,
        # A filter with a single option filters nothing.
        "menus": [menu for menu in menus if len(menu.options) > 1 or menu.is_used],
        "dates": describe_dates(found.filters),
        "chips": list_chips(found.filters, menus, url=url) if filters else [],
        "presets": list_presets(filters, url=url),
        "url": url,
        "page_query": page_query,
        "page_url": links.with_query(url, page_query),
        "newest_url": links.with_query(url, filters) if cursor else "",
        "older_url": links.with_query(url, [*filters, ("cursor", older)]) if older else "",
    }


def filter_query(filters: Filters) -> Pairs:
    """The filters as they stand in an address; nothing for what is not filtered."""
    pairs: Pairs = [
        *(("app", key) for key in filters.deployments),
        *(("event", key) for key in filters.events),
        *(("state", key) for key in filters.states),
        *(("kind", key) for key in filters.kinds),
        *(("person", key) for key in filters.people),
        *(("project", key) for key in filters.projects),
    ]
    if filters.date_from:
        pairs.append(("from", filters.date_from.isoformat()))
    if filters.date_to:
        pairs.append(("to", filters.date_to.isoformat()))
    if filters.text:
        pairs.append(("q", filters.text))
    return pairs


def list_menus(filters: Filters, choices: Choices) -> list[Menu]:
    # A rare state or kind that is not offered may be in an address, and has to show as chosen.
    states = dict.fromkeys([*(State(each.key) for each in choices.states), *filters.states])
    kinds = dict.fromkeys([*(each.key for each in choices.kinds), *filters.kinds])
    return [
        _menu("app", _("App"), _pairs(choices.deployments), filters.deployments),
        _menu("event", _("Event"), [(each.key, str(EVENTS[each.key])) for each in choices.events], filters.events),
        _menu("state", _("State"), [(state.value, str(STATES[state].word)) for state in states], filters.states),
        _menu("kind", _("Kind"), [(name, kind(name)) for name in kinds], filters.kinds),
        _menu("person", _("Person"), _pairs(choices.people), filters.people),
        _menu("project", _("Project"), _pairs(choices.projects), filters.projects),
    ]


def _menu(name: str, label: str, offered: Pairs, chosen: tuple[str, ...]) -> Menu:
    return Menu(f"filter-{name}", name, label, [Option(value, text, value in chosen) for value, text in offered])


def _pairs(choices: Iterable[Choice]) -> Pairs:
    return [(each.key, each.label) for each in choices]


def list_chips(filters: Filters, menus: list[Menu], *, url: str) -> list[Chip]:
    """A chip for each filter in use."""
    chosen = [
        (menu.label, option.text, (menu.name, option.value))
        for menu in menus
        for option in menu.options
        if option.is_chosen
    ]
    for name, label, day in (("from", _("From"), filters.date_from), ("to", _("To"), filters.date_to)):
        if day:
            chosen.append((label, formats.short_date(day), (name, day.isoformat())))
    if filters.text:
        chosen.append((_("Search"), filters.text, ("q", filters.text)))
    query = filter_query(filters)
    return [
        Chip(label, text, links.with_query(url, [pair for pair in query if pair != chip]))
        for label, text, chip in chosen
    ]


def describe_dates(filters: Filters) -> str:
    """What the menu of dates shows beside its label."""
    first, last = (formats.short_date(day) if day else "" for day in (filters.date_from, filters.date_to))
    if first and last:
        return first if first == last else f"{first} – {last}"
    if first:
        return _("from %(day)s") % {"day": first}
    return _("until %(day)s") % {"day": last} if last else ""


def list_presets(filters: Pairs, *, url: str) -> list[Preset]:
    """By the reader's day. What else is filtered stays."""
    others = [each for each in filters if each[0] not in DATES]
    today = timezone.localdate()
    starts = {
        _("Today"): today,
        _("Last 7 days"): today - timedelta(days=6),
        _("Last 30 days"): today - timedelta(days=29),
        _("This month"): today.replace(day=1),
    }
    chosen = [each for each in filters if each[0] in DATES]
    presets = []
    for text, start in starts.items():
        dates = [("from", start.isoformat()), ("to", today.isoformat())]
        presets.append(Preset(text, links.with_query(url, [*others, *dates]), chosen == dates))
    return presets
