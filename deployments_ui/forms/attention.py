"""The filters that the home of staff and the list of customers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments_ui.forms.history import FilterField
from deployments_ui.labels.attention import PROBLEMS
from portal.services.queries.attention_filters import AttentionFilters, Problem

Pairs = list[tuple[str, str]]
Chip = tuple[str, str, str]


class AttentionFilterForm(forms.Form):
    """A GET form. `person` is a part of a name."""

    tag = FilterField(gettext_lazy("Tag"), "")
    state = FilterField(gettext_lazy("State"), "")
    person = forms.CharField(label=gettext_lazy("Person"), required=False)

    def __init__(self, filters: AttentionFilters, *, tags: Iterable[str]) -> None:
        super().__init__(
            {"tag": filters.tags, "state": filters.states, "person": "".join(filters.people[:1])}, auto_id="filter-%s"
        )
        # A tag that nobody has any more may be in an address, and has to show as chosen.
        offered: dict[str, list[tuple[str, Any]]] = {
            "tag": [(tag, tag) for tag in dict.fromkeys([*tags, *filters.tags])],
            "state": [(problem.value, PROBLEMS[problem].word) for problem in Problem],
        }
        for name, choices in offered.items():
            cast(FilterField, self.fields[name]).choices = choices


def filter_pairs(filters: AttentionFilters) -> Pairs:
    """The filters as they stand in an address."""
    named = (("tag", filters.tags), ("person", filters.people), ("state", filters.states))
    return [(name, str(value)) for name, values in named for value in values]


def list_chips(filters: AttentionFilters, url_of: Callable[[Pairs], str]) -> list[Chip]:
    """Label, value and the address without it, for each filter in use."""
    labels = {"tag": _("Tag"), "person": _("Person"), "state": _("State")}
    pairs = filter_pairs(filters)
    return [
        (labels[name], _show(name, value), url_of([pair for pair in pairs if pair != (name, value)]))
        for name, value in pairs
    ]


def _show(name: str, value: str) -> str:
    return str(PROBLEMS[Problem(value)].word) if name == "state" else value
