"""The form of a brand. The services check what is typed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.base import DialogForm
from portal.services.brands.changes import BrandText


class BrandForm(DialogForm):
    name = forms.CharField(label=_("Name"), required=False)
    hosts = forms.CharField(
        label=_("Host names"),
        help_text=_("One per line, such as deploys.example.com. Each must be in the setting ALLOWED_HOSTS."),
        required=False,
    )
    logo = forms.CharField(
        label=_("Logo"),
        help_text=_("Next to the name, at most 640 × 160 pixels; larger ones are scaled down."),
        required=False,
    )
    icon = forms.CharField(
        label=_("Icon"), help_text=_("Square; shown in browser tabs and on home screens."), required=False
    )
    accent = forms.CharField(
        label=_("Accent colour"),
        help_text=_("For buttons and links, as #rrggbb. Leave empty for the standard colour."),
        required=False,
    )
    support_contact = forms.CharField(
        label=_("Support contact"),
        help_text=_("An e-mail address or a URL, shown on every page and in mails."),
        required=False,
    )
    links = forms.CharField(
        label=_("Links"),
        help_text=_("Shown in the footer of each page. One per line: its text, then its URL."),
        required=False,
    )
    footer = forms.CharField(label=_("Footer"), required=False)
    sender_name = forms.CharField(
        label=_("Sender’s name"), help_text=_("Leave empty for the brand’s name."), required=False
    )
    sender_address = forms.CharField(
        label=_("Sender’s address"),
        help_text=_("Your mail server has to allow it. Leave empty for the setting MAIL_FROM."),
        required=False,
    )

    def text(self) -> BrandText:
        """What was typed, or the initial values of a form that was not sent."""
        values = {name: self[name].value() or "" for name in BrandText.__dataclass_fields__}
        return BrandText(**values)
