"""The filters that the home of staff and the list of customers share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.filters import FilterForm
from deployments_ui.labels.attention import PROBLEMS
from deployments_ui.links import Pairs
from portal.services.queries.attention_filters import AttentionFilters, Problem


class AttentionFilterForm(FilterForm):
    """`person` is a part of a name."""

    tag = forms.MultipleChoiceField(label=_("Tag"), required=False)
    state = forms.MultipleChoiceField(label=_("State"), required=False)
    person = forms.CharField(label=_("Person"), required=False)

    def __init__(self, filters: AttentionFilters, *, tags: Iterable[str]) -> None:
        super().__init__(
            {"tag": filters.tags, "state": filters.states, "person": "".join(filters.people[:1])}, auto_id="filter-%s"
        )
        # A tag that nobody has any more may be in an address, and has to show as chosen.
        offered: dict[str, list[tuple[str, Any]]] = {
            "tag": [(tag, tag) for tag in dict.fromkeys([*tags, *filters.tags])],
            "state": [(problem.value, PROBLEMS[problem].word) for problem in Problem],
        }
        for name, options in offered.items():
            cast(forms.ChoiceField, self.fields[name]).choices = options


def filter_query(filters: AttentionFilters) -> Pairs:
    """The filters as they stand in an address."""
    named = (("tag", filters.tags), ("person", filters.people), ("state", filters.states))
    return [(name, str(value)) for name, values in named for value in values]
