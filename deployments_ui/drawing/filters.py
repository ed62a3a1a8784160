"""The filters above a timeline: what they offer, what is chosen, and the addresses that keep them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from deployments_ui import links, states
from deployments_ui.stencil import Stencil
from portal.services.answers import State
from portal.services.filters import Choice, Choices, Filters


@dataclass(slots=True)
class Tick:
    name: str
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Menu:
    name: str
    label: str
    ticks: SafeString
    is_on: bool


TICK = Stencil("components/_tick.html", Tick)


def menus(choices: Choices) -> list[Menu]:
    """A menu for each filter that offers a choice; one with a single option tells nothing apart."""
    offered: list[tuple[str, str, Iterable[Choice]]] = [
        ("app", _("App"), choices.deployments),
        ("state", _("State"), [replace(each, label=states.word(State(each.key))) for each in choices.states]),
        ("kind", _("Kind"), [replace(each, label=states.kind(each.key)) for each in choices.kinds]),
        ("person", _("Person"), choices.people),
        ("project", _("Project"), choices.projects),
    ]
    return [menu(name, label, list(options)) for name, label, options in offered if is_worth_it(list(options))]


def is_worth_it(options: list[Choice]) -> bool:
    return len(options) > 1 or any(option.chosen for option in options)


def menu(name: str, label: str, options: list[Choice]) -> Menu:
    ticks = TICK.draw(Tick(name, option.key, option.label, option.chosen) for option in options)
    return Menu(name, label, ticks, is_on=any(option.chosen for option in options))


def pairs(filters: Filters) -> list[tuple[str, str]]:
    """The filters as they stand in an address, nothing for what is not filtered."""
    many: list[tuple[str, Iterable[str]]] = [
        ("app", filters.deployments),
        ("state", filters.states),
        ("kind", filters.kinds),
        ("person", filters.people),
        ("project", filters.projects),
    ]
    found = [(name, str(value)) for name, values in many for value in values]
    dates = (("from", filters.date_from), ("to", filters.date_to))
    found += [(name, date.isoformat()) for name, date in dates if date is not None]
    return [*found, ("q", filters.text)] if filters.text else found


def address(path: str, filters: Filters, **more: str) -> str:
    return links.with_query(path, [*pairs(filters), *more.items()])
