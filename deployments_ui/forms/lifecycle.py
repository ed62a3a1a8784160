"""To create, rename and delete apps."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.base import ConfirmForm


class NameForm(ConfirmForm):
    """To create, rename or delete an app; for a deletion the name confirms it."""

    name = forms.CharField(label=_("Name"), required=False)
