"""The form for what operators set for one customer. The services check what is typed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.base import DialogForm


class CustomerForm(DialogForm):
    display_name = forms.CharField(label=_("Name"), required=False)
    logo = forms.CharField(label=_("Logo"), help_text=_("Next to the customer’s name on its pages."), required=False)
    tags = forms.CharField(
        label=_("Tags"),
        help_text=_(
            "Separated by commas, such as: gold, europe. Support can be limited to tags. Customers don’t see them."
        ),
        required=False,
    )
