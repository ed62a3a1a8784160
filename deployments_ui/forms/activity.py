"""The filters of the audit log."""

from __future__ import annotations

from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.filters import DateFilterField, FilterForm
from deployments_ui.labels.activity import NOUNS, OUTCOMES
from deployments_ui.links import Pairs
from portal.services.queries.activity import ActivityFilters

LONGEST = 200


class ActivityFilterForm(FilterForm):
    q = forms.CharField(label=_("Search this log"), required=False)
    person = forms.CharField(label=_("Name or e-mail"), required=False)
    customer = forms.CharField(label=_("Customer"), required=False)
    kind = forms.ChoiceField(
        label=_("What was done"),
        required=False,
        error_messages={"invalid_choice": _("The filter for an unknown kind was ignored.")},
    )
    outcome = forms.ChoiceField(
        label=_("Result"),
        required=False,
        error_messages={"invalid_choice": _("The filter for an unknown result was ignored.")},
    )

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query, auto_id="filter-%s")
        self.fields["from"] = DateFilterField(_("From"))
        self.fields["to"] = DateFilterField(_("To"))
        results = [(name, label.word) for name, label in OUTCOMES.items()]
        cast(forms.ChoiceField, self.fields["kind"]).choices = [("", _("Everything")), *list_kinds()]
        cast(forms.ChoiceField, self.fields["outcome"]).choices = [("", _("Everything")), *results]

    def get_filters(self) -> ActivityFilters:
        """What is valid of them."""
        self.is_valid()
        chosen = self.cleaned_data
        return ActivityFilters(
            person=chosen.get("person", "").strip()[:LONGEST],
            customer=chosen.get("customer", "").strip()[:LONGEST],
            kind=chosen.get("kind", ""),
            outcome=chosen.get("outcome", ""),
            date_from=chosen.get("from"),
            date_to=chosen.get("to"),
            text=chosen.get("q", "").strip()[:LONGEST],
        )


def filter_query(filters: ActivityFilters) -> Pairs:
    """The filters as they stand in an address; nothing for what is not filtered."""
    pairs = [
        ("person", filters.person),
        ("customer", filters.customer),
        ("kind", filters.kind),
        ("outcome", filters.outcome),
        ("from", filters.date_from.isoformat() if filters.date_from else ""),
        ("to", filters.date_to.isoformat() if filters.date_to else ""),
        ("q", filters.text),
    ]
    return [(name, value) for name, value in pairs if value]


def list_kinds() -> list[tuple[str, str]]:
    """By nouns: `operation` stands for every operation."""
    return sorted(((noun, str(word)) for noun, word in NOUNS.items()), key=lambda pair: pair[1])
