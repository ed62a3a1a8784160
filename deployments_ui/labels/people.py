"""Roles of people."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.permissions import Role

ROLES: dict[str, Promise] = {
    Role.OPERATOR: _("operator"),
    Role.SUPPORT: _("support"),
}


ALL_ROLES: dict[str, Promise] = {**ROLES, Role.OWNER: _("owner"), Role.VIEWER: _("viewer")}


def role_name(role: str) -> str:
    return str(ALL_ROLES.get(role, role))


def with_role(name: str, role: str | None) -> str:
    """Ana Ruiz (support); a customer's own people need no role beside their name."""
    return f"{name} ({ROLES[role]})" if role in ROLES else name
