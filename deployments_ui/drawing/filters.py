"""The filters above a timeline: what they offer, what is chosen, and the addresses that keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from deployments_ui import links, states
from deployments_ui.stencil import Stencil
from portal.services.queries.filters import Choice, Choices, Filters
from portal.services.queries.schemas import State


@dataclass(slots=True)
class Tick:
    name: str
    value: str
    label: str
    chosen: bool


@dataclass(slots=True)
class Menu:
    label: str
    ticks: SafeString
    is_on: bool


@dataclass(slots=True)
class Form:
    path: str
    text: str
    date_from: str
    date_to: str
    menus: SafeString
    has_dates: bool


TICK = Stencil("components/_tick.html", Tick)
MENU = Stencil("history/_menu.html", Menu)
FORM = Stencil("history/_filters.html", Form)


def draw(filters: Filters, choices: Choices, *, path: str) -> SafeString:
    start, end = filters.date_from, filters.date_to
    form = Form(
        path=path,
        text=filters.text,
        date_from=start.isoformat() if start else "",
        date_to=end.isoformat() if end else "",
        menus=MENU.draw(menus(choices)),
        has_dates=bool(start or end),
    )
    return FORM.draw([form])


def menus(choices: Choices) -> list[Menu]:
    """A menu for each filter that offers a choice; one with a single option tells nothing apart."""
    offered: list[tuple[str, list[Tick]]] = [
        (_("App"), ticks("app", choices.deployments)),
        (_("State"), ticks("state", choices.states, lambda key: states.word(State(key)))),
        (_("Kind"), ticks("kind", choices.kinds, states.kind)),
        (_("Person"), ticks("person", choices.people)),
        (_("Project"), ticks("project", choices.projects)),
    ]
    return [
        Menu(label, TICK.draw(options), is_on=any(option.chosen for option in options))
        for label, options in offered
        if len(options) > 1 or any(option.chosen for option in options)
    ]


def ticks(name: str, choices: Iterable[Choice], word: Callable[[str], str] | None = None) -> list[Tick]:
    """`word` where a choice's key is not what is said of it."""
    return [Tick(name, each.key, word(each.key) if word else each.label, each.chosen) for each in choices]


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
