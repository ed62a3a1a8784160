"""The filters of a customer's history: as menus of choices, and as the query of a URL."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from deployments_ui.labels.states import STATES, kind
from portal.services.queries.filters import Choice, Choices, Filters
from portal.services.queries.schemas import State


@dataclass(frozen=True, slots=True)
class FilterMenu:
    """`name` is the parameter of the URL."""

    name: str
    label: str
    choices: tuple[Choice, ...]

    @property
    def is_on(self) -> bool:
        return any(choice.chosen for choice in self.choices)


def list_menus(choices: Choices) -> list[FilterMenu]:
    """The filters that offer a choice, and those in use."""
    states = tuple(Choice(each.key, str(STATES[State(each.key)].word), each.chosen) for each in choices.states)
    kinds = tuple(Choice(each.key, kind(each.key), each.chosen) for each in choices.kinds)
    menus = (
        FilterMenu("app", _("App"), choices.deployments),
        FilterMenu("state", _("State"), states),
        FilterMenu("kind", _("Kind"), kinds),
        FilterMenu("person", _("Person"), choices.people),
        FilterMenu("project", _("Project"), choices.projects),
    )
    return [menu for menu in menus if len(menu.choices) > 1 or menu.is_on]


def filter_query(filters: Filters) -> list[tuple[str, str]]:
    """The parameters of a URL; none for what is not filtered."""
    pairs: list[tuple[str, str]] = [
        *(("app", key) for key in filters.deployments),
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
