"""Roles of people, and what roles can do."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.permissions import Role

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


def with_role(name: str, role: str | None) -> str:
    """Ana Ruiz (support); a customer's own people need no role beside their name."""
    return f"{name} ({ROLES[role]})" if role in ROLES else name


def get_role_name(role: str) -> str | Promise:
    return ROLE_NAMES[role]
