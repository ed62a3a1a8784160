"""To add, redirect and remove domains."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.base import ConfirmForm
from deployments_ui.labels.domains import REDIRECT_POLICIES


class RedirectPolicyField(forms.ChoiceField):
    """Whether one of www.example.com and example.com redirects to the other."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Redirect"),
            choices=list(REDIRECT_POLICIES.items()),
            initial="none",
            required=False,
            widget=forms.RadioSelect,
        )


class AddDomainForm(ConfirmForm):
    domain = forms.CharField(label=_("Domain"), required=False, max_length=300)
    with_twin = forms.BooleanField(required=False)
    policy = RedirectPolicyField()


class RedirectDomainForm(ConfirmForm):
    policy = RedirectPolicyField()


class DetachDomainForm(ConfirmForm):
    """The name of the domain confirms it."""

    name = forms.CharField(required=False)
