"""Forms of a person's own account."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.base import DialogForm
from deployments_ui.frame import THEMES

MAILS = (("new_sign_in", _("Sign-ins from a new browser")),)


class ProfileForm(DialogForm):
    name = forms.CharField(label=_("Name"), max_length=200)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    theme = forms.ChoiceField(
        label=_("Theme"),
        required=False,
        choices=(("", _("System")), *zip(THEMES, (_("Light"), _("Dark")), strict=True)),
    )
    mails = forms.MultipleChoiceField(label=_("Mails"), required=False, choices=MAILS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(name, name) for name in sorted(zoneinfo.available_timezones())]
        self.fields["time_zone"].choices = [("", _("Same as the browser")), *zones]  # type: ignore[attr-defined]

    @property
    def unwanted_mails(self) -> list[str]:
        """Kinds of mails that are not ticked."""
        return [kind for kind, _label in MAILS if kind not in self.cleaned_data["mails"]]


class EmailForm(DialogForm):
    email = forms.EmailField(label=_("New e-mail address"), max_length=254)
