"""Forms that open in the dialog of a page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.services.errors import Invalid
from portal.services.operations.tokens import Confirmation


class DialogForm(forms.Form):
    """A form in the dialog of a page."""

    def __init__(self, data: QueryDict | None = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, auto_id="%s")

    def add_errors(self, error: Invalid) -> None:
        """What a service found wrong, at the fields that it names."""
        for name, text in error.fields.items():
            self.add_error(name if name in self.fields else None, text)


class ConfirmForm(DialogForm):
    """What every form that changes something sends: its token and why. The services check both."""

    token = forms.CharField(required=False, widget=forms.HiddenInput)
    choice = forms.CharField(required=False)
    reason = forms.CharField(label=_("Reason in your words"), required=False)
    note = forms.CharField(label=_("Internal note"), required=False)
    environment = forms.CharField(label=_("Environment"), required=False)
    override = forms.CharField(required=False)

    def confirmed(self) -> Confirmation:
        names = ("token", "choice", "reason", "note", "environment", "override")
        return Confirmation(**{name: self.cleaned_data[name] for name in names})
