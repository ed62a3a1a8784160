"""What owners may do: for all customers, and where one customer differs. Everything else about roles is fixed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from portal.models import Customer, OwnerPermission
from portal.permissions import OWNER_PERMISSIONS, Permission, Person, Role, who_can
from portal.services.audit.record import record
from portal.services.authorization import require_permission, require_platform_permission
from portal.services.errors import Invalid, NotFound
from portal.services.queries import customers, summaries
from portal.services.queries.schemas import CustomerSummary

_MOST_DIFFERENT = 100


class Choice(StrEnum):
    """INHERIT, for one customer only: as for all customers."""

    ALLOW = "allow"
    DENY = "deny"
    INHERIT = "inherit"


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """Who has a permission. `choice` is None if owners' can't be changed; `inherited` is what INHERIT means here."""

    permission: Permission
    roles: tuple[Role, ...]
    choice: Choice | None
    inherited: bool


@dataclass(frozen=True, slots=True)
class PermissionMatrix:
    """For `customer`, or for all customers; then `different` are the first customers that differ.

    The permissions that can be chosen come first.
    """

    rows: tuple[PermissionRow, ...]
    customer: CustomerSummary | None
    different: tuple[CustomerSummary, ...]


def get_matrix(*, by: Person, slug: str = "") -> PermissionMatrix:
    """Raises NotFound; Forbidden for people of the customer who may not change it."""
    customer = _get_customer(slug, by=by)
    stated = _read(customer)
    rows = sorted((_make_row(each, customer, stated) for each in Permission), key=lambda row: row.choice is None)
    if customer is not None:
        return PermissionMatrix(tuple(rows), summaries.summarize_customer(customer, by=by), ())
    ids = OwnerPermission.objects.exclude(customer=None).values("customer")
    differing = Customer.objects.filter(pk__in=ids).order_by("name", "pk")[:_MOST_DIFFERENT]
    return PermissionMatrix(tuple(rows), None, tuple(summaries.summarize_customer(each, by=by) for each in differing))


def change(choices: Mapping[str, str], *, by: Person, slug: str = "") -> None:
    """`choices` has one for each of OWNER_PERMISSIONS; what is missing stays. Raises NotFound, Forbidden, Invalid."""
    customer = _get_customer(slug, by=by)
    offered = {Choice.ALLOW, Choice.DENY} | ({Choice.INHERIT} if customer is not None else set())
    if not set(choices) <= set(OWNER_PERMISSIONS) or not set(choices.values()) <= offered:
        raise Invalid({"": _("Choose one of the options for each permission.")})
    with transaction.atomic():
        rows = OwnerPermission.objects.select_for_update().filter(customer=customer)
        before = {row.permission: row.is_allowed for row in rows}
        for name, choice in choices.items():
            _store(customer, name, choice)
        after = dict(OwnerPermission.objects.filter(customer=customer).values_list("permission", "is_allowed"))
        if before != after:
            record("permissions.changed", by=by, customer=customer, before=_word(before), after=_word(after))


def _get_customer(slug: str, *, by: Person) -> Customer | None:
    if not slug:
        require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
        return None
    customer = customers.get_customer(by=by, slug=slug)
    if customer.is_unassigned:
        raise NotFound
    require_permission(Permission.CHANGE_SETTINGS, customer, None, by=by)
    return customer


def _read(customer: Customer | None) -> dict[tuple[bool, str], bool]:
    """What is stated, by whether it is for this customer alone, and by permission."""
    everywhere = OwnerPermission.objects.filter(customer=None)
    rows = everywhere | OwnerPermission.objects.filter(customer=customer) if customer is not None else everywhere
    return {(row.customer_id is not None, row.permission): row.is_allowed for row in rows}


def _make_row(
    permission: Permission, customer: Customer | None, stated: Mapping[tuple[bool, str], bool]
) -> PermissionRow:
    inherited = stated.get((False, permission), True)
    is_allowed = stated.get((customer is not None, permission), inherited)
    if permission not in OWNER_PERMISSIONS:
        return PermissionRow(permission, who_can(permission), None, inherited)
    choice = Choice.ALLOW if is_allowed else Choice.DENY
    if customer is not None and (True, permission) not in stated:
        choice = Choice.INHERIT
    denied = () if is_allowed else (permission,)
    return PermissionRow(permission, who_can(permission, denied=denied), choice, inherited)


def _store(customer: Customer | None, permission: str, choice: str) -> None:
    """No row is the usual case: allowed everywhere, or as everywhere."""
    usual = Choice.ALLOW if customer is None else Choice.INHERIT
    if choice == usual:
        OwnerPermission.objects.filter(customer=customer, permission=permission).delete()
    else:
        OwnerPermission.objects.update_or_create(
            customer=customer, permission=permission, defaults={"is_allowed": choice == Choice.ALLOW}
        )


def _word(rows: Mapping[str, bool]) -> dict[str, str]:
    """For the audit log."""
    return {name: Choice.ALLOW if is_allowed else Choice.DENY for name, is_allowed in sorted(rows.items())}
