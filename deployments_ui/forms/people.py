"""To invite people, and to change what they can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.base import DialogForm
from deployments_ui.labels.people import ROLE_CHOICES
from portal.permissions import OWNER_PERMISSIONS, Role
from portal.services.people.invitations import LONGEST_NAME

LONGEST_EMAIL = 254
LONGEST_LIST = 100_000
LONGEST_IMPORT = 1_000_000
MEMBER_ROLES = [(role.value, ROLE_CHOICES[role]) for role in (Role.OWNER, Role.VIEWER)]
STAFF_ROLES = [(role.value, ROLE_CHOICES[role]) for role in (Role.SUPPORT, Role.OPERATOR)]
NO_STAFF_ROLE = ("", _("No role on the platform"))


class PersonForm(DialogForm):
    """Confirms a change that needs no more than a click."""


class InvitationForm(DialogForm):
    """To one customer."""

    email = forms.CharField(label=_("E-mail address"), max_length=LONGEST_EMAIL, required=False)
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=MEMBER_ROLES, initial=Role.VIEWER.value)


class ScopeForm(DialogForm):
    """Which customers: some, or for support staff all of them. `tags` are those that customers have."""

    customers = forms.CharField(label=_("Customers"), max_length=LONGEST_LIST, required=False)
    sees_all_customers = forms.BooleanField(label=_("All customers, also future ones"), required=False)
    tags = forms.MultipleChoiceField(label=_("Customers with a tag"), required=False)

    def offer_tags(self, tags: Iterable[str]) -> None:
        """Which can be chosen. Before the form is validated or shown."""
        self.fields["tags"].choices = [(tag, tag) for tag in tags]  # type: ignore[attr-defined]  # a choice field


class PlatformInvitationForm(ScopeForm):
    """To any role."""

    email = forms.CharField(label=_("E-mail address"), max_length=LONGEST_EMAIL, required=False)
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=[*MEMBER_ROLES, *STAFF_ROLES], initial=Role.OWNER.value)


class StaffRoleForm(ScopeForm):
    role = forms.ChoiceField(label=_("Role"), choices=[NO_STAFF_ROLE, *STAFF_ROLES], required=False)


class MemberRoleForm(DialogForm):
    role = forms.ChoiceField(label=_("Role"), choices=MEMBER_ROLES)


class AcceptForm(DialogForm):
    """A new account. What the password must be like is checked with the account."""

    name = forms.CharField(label=_("Your name"), max_length=LONGEST_NAME, required=False)
    password = forms.CharField(label=_("Password"), max_length=4096, required=False, strip=False)


class OwnerPermissionsForm(DialogForm):
    """A choice for each permission that owners can be denied; at one customer also the one of all customers."""

    def __init__(self, data: QueryDict | None = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        for permission in OWNER_PERMISSIONS:
            self.fields[permission.value] = forms.CharField(required=False)

    def list_choices(self) -> dict[str, str]:
        return {name: choice for name, choice in self.cleaned_data.items() if choice}


class ImportForm(DialogForm):
    text = forms.CharField(label=_("People"), max_length=LONGEST_IMPORT, required=False, strip=False)


class ImportSendingForm(ImportForm):
    """`key` comes with the review, so that sending it twice invites nobody twice."""

    key = forms.UUIDField(required=False)
