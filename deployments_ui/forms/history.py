"""The filters of a customer's history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from deployments_ui import formats
from deployments_ui.forms.filters import DateFilterField, FilterField, FilterForm
from deployments_ui.labels.states import EVENTS, STATES, kind
from deployments_ui.links import Pairs
from portal.services.queries.filters import Choices, Filters
from portal.services.queries.schemas import State


class Option(NamedTuple):
    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Menu:
    """The options of one filter, as plain data: a bound field costs a long page more than the rows of ten versions.

    `is_used`: the address has a value for it, even one that is not offered.
    """

    id: str
    name: str
    label: str
    options: list[Option]
    is_used: bool

    @property
    def chosen(self) -> str:
        """What is shown beside its label: Failed; Failed +1."""
        chosen = [option.text for option in self.options if option.is_chosen]
        if not chosen:
            return ""
        return f"{chosen[0]} +{len(chosen) - 1}" if len(chosen) > 1 else chosen[0]


class HistoryFilterForm(FilterForm):
    """The filters above a history."""

    app = FilterField(_("App"), _("The filter for an unknown app was ignored."))
    event = FilterField(_("Event"), _("The filter for an unknown event was ignored."))
    state = FilterField(_("State"), _("The filter for an unknown state was ignored."))
    kind = FilterField(_("Kind"), _("The filter for an unknown kind was ignored."))
    person = FilterField(_("Person"), _("The filter for an unknown person was ignored."))
    project = FilterField(_("Project"), _("The filter for an unknown project was ignored."))
    q = forms.CharField(label=_("Search"), required=False)

    def __init__(self, query: QueryDict, *, filters: Filters, choices: Choices) -> None:
        super().__init__(query, auto_id="filter-%s")
        self._filters = filters
        self.fields["from"] = DateFilterField(_("From"))
        self.fields["to"] = DateFilterField(_("To"))
        # A rare state or kind that is not offered may be in an address, and has to show as chosen.
        states = dict.fromkeys([*(State(each.key) for each in choices.states), *filters.states])
        kinds = dict.fromkeys([*(each.key for each in choices.kinds), *filters.kinds])
        self._offered = {
            "app": [(each.key, each.label) for each in choices.deployments],
            "event": [(each.key, str(EVENTS[each.key])) for each in choices.events],
            "state": [(state.value, str(STATES[state].word)) for state in states],
            "kind": [(name, kind(name)) for name in kinds],
            "person": [(each.key, each.label) for each in choices.people],
            "project": [(each.key, each.label) for each in choices.projects],
        }
        for name, offered in self._offered.items():
            cast(FilterField, self.fields[name]).choices = offered
        self._menus = self._list_menus(query)

    @property
    def dates(self) -> str:
        """What the menu of dates shows beside its label."""
        first, last = (
            formats.short_date(day) if day else "" for day in (self._filters.date_from, self._filters.date_to)
        )
        if first and last:
            return first if first == last else f"{first} – {last}"
        if first:
            return gettext("from %(day)s") % {"day": first}
        return gettext("until %(day)s") % {"day": last} if last else ""

    @property
    def menus(self) -> list[Menu]:
        """The filters that offer a choice, and those in use. Every part of a page prints them: they are made once."""
        return self._menus

    def _list_menus(self, query: QueryDict) -> list[Menu]:
        found = []
        for name, offered in self._offered.items():
            values = query.getlist(name)
            if len(offered) > 1 or values:
                options = [Option(value, text, value in values) for value, text in offered]
                found.append(Menu(f"filter-{name}", name, str(self.fields[name].label), options, bool(values)))
        return found


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
