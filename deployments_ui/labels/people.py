"""Roles of people, and what roles can do."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.permissions import Permission, Role

# Hebrew, Arabic and what is written with their letters.
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

ROLES: dict[str, Promise] = {
    Role.OPERATOR: _("operator"),
    Role.SUPPORT: _("support"),
}
# In lists and forms, where every role is named.
ROLE_NAMES: dict[str, Promise] = {
    Role.OPERATOR: _("Operator"),
    Role.OWNER: _("Owner"),
    Role.SUPPORT: _("Support"),
    Role.VIEWER: _("Viewer"),
}
ROLE_CHOICES: dict[str, Promise] = {
    Role.OPERATOR: _("Operator: sees every customer and changes everything"),
    Role.OWNER: _("Owner: publishes, rolls back, sets env vars and domains"),
    Role.SUPPORT: _("Support: helps customers, without their env vars"),
    Role.VIEWER: _("Viewer: sees everything of the customer, changes nothing"),
}
# As rows of the matrix: "Owner: yes".
PERMISSIONS: dict[Permission, Promise] = {
    Permission.ADD_DOMAIN: _("Add domains and set redirects"),
    Permission.CHANGE_SETTINGS: _("Change settings, brand and permissions"),
    Permission.CREATE_DEPLOYMENT: _("Create apps"),
    Permission.DELETE_DEPLOYMENT: _("Delete apps"),
    Permission.DETACH_DOMAIN: _("Remove domains"),
    Permission.MANAGE_PEOPLE: _("Invite and remove people"),
    Permission.OVERRIDE_OPERATION: _("Continue while the outcome of a change is unknown"),
    Permission.PROMOTE: _("Promote staged versions"),
    Permission.PUBLISH: _("Publish"),
    Permission.READ_ACTIVITY: _("View the activity"),
    Permission.READ_ALL_CUSTOMERS: _("View the list of all customers"),
    Permission.READ_HISTORY: _("View history, apps, versions and domains"),
    Permission.READ_INTERNALS: _("View ids and names of the hosting service"),
    Permission.READ_STYLEGUIDE: _("View the style guide"),
    Permission.REDEPLOY: _("Redeploy"),
    Permission.RENAME_DEPLOYMENT: _("Rename apps"),
    Permission.ROLL_BACK: _("Roll back"),
    Permission.SET_ENV: _("Set env vars"),
    Permission.SHARE_DOMAIN: _("Share DNS records with a link"),
    Permission.STOP: _("Stop apps"),
    Permission.VERIFY_DOMAIN: _("Check domains again"),
}


def with_role(name: str, role: str | None) -> str:
    """Ana Ruiz (support); a customer's own people need no role beside their name."""
    return f"{name} ({ROLES[role]})" if role in ROLES else name


def in_sentence(name: str, role: str | None) -> str:
    """The same for a page: after a name from right to left, numbers keep their places in the sentence."""
    shown = with_role(name, role)
    return f"\u2068{shown}\u2069" if RIGHT_TO_LEFT.search(shown) else shown


def get_role_name(role: str) -> str | Promise:
    return ROLE_NAMES[role]
