"""The form of a brand. The services check what is typed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.base import DialogForm
from portal.services.brands.changes import BrandText


class BrandForm(DialogForm):
    name = forms.CharField(label=_("Name"), required=False)
    hosts = forms.CharField(label=_("Host names"), required=False)
    logo = forms.CharField(label=_("Logo"), required=False)
    icon = forms.CharField(label=_("Icon"), required=False)
    accent = forms.CharField(label=_("Accent colour"), required=False)
    support_contact = forms.CharField(label=_("Support contact"), required=False)
    links = forms.CharField(label=_("Links"), required=False)
    footer = forms.CharField(label=_("Footer"), required=False)
    sender_name = forms.CharField(label=_("Sender’s name"), required=False)
    sender_address = forms.CharField(label=_("Sender’s address"), required=False)

    def text(self) -> BrandText:
        """What was typed, or the initial values of a form that was not sent."""
        values = {name: self[name].value() or "" for name in BrandText.__dataclass_fields__}
        return BrandText(**values)
