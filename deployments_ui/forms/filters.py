"""Filters above a list or a history: a GET form, and a chip for each filter in use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from deployments_ui import formats
from deployments_ui.links import Pairs

# The id of the form above a list. While somebody types in it, htmx leaves it as it is.
FILTER_FORM = "filters"


class Chip(NamedTuple):
    """A filter in use; `url` is the page without it."""

    label: str
    value: str
    url: str


class DateFilterField(forms.DateField):
    def __init__(self, label: StrOrPromise) -> None:
        ignored = _("This date does not exist, so it was ignored.")
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%d"],
            error_messages={"invalid": ignored},
            validators=[
                MinValueValidator(date(1970, 1, 1), message=ignored),
                MaxValueValidator(date(9000, 12, 31), message=ignored),
            ],
        )


class FilterForm(forms.Form):
    """Invalid values are ignored with a note."""

    def get_text(self, name: str, value: str) -> str:
        """A filter's value as people read it."""
        field = self.fields[name]
        if isinstance(field, DateFilterField):
            return formats.short_date(date.fromisoformat(value))
        return str(dict(getattr(field, "choices", ())).get(value, value))

    def list_chips(self, query: Pairs, get_url: Callable[[Pairs], str]) -> list[Chip]:
        """`query`: the filters in use, as they stand in an address; `get_url` makes the address with others."""
        return [
            Chip(
                str(self.fields[name].label),
                self.get_text(name, value),
                get_url([pair for pair in query if pair != (name, value)]),
            )
            for name, value in query
        ]

    @property
    def notes(self) -> list[str]:
        return [str(error) for errors in self.errors.values() for error in errors]
