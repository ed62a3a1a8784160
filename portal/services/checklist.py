"""What is left to do after the installation, for operators, until it is done or they hide the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from portal.models import Brand, Connection, Customer, Invitation, InvitationGrant, Mail, Membership, User
from portal.models.people import StaffRole
from portal.permissions import Permission, Person, has_permission
from portal.services import authorization, durability
from portal.services.audit.record import record


class Step(StrEnum):
    """In the order in which they make sense."""

    CONNECTION = "connection"
    CUSTOMERS = "customers"
    BRAND = "brand"
    MAIL = "mail"
    SUPPORT = "support"
    CUSTOMER_PEOPLE = "customer_people"


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    step: Step
    is_done: bool


def find_checklist(*, by: Person) -> tuple[ChecklistItem, ...]:
    """Empty for other people, in a demo, once everything is done, and once an operator has hidden it."""
    if settings.MIOSA.is_demo or not has_permission(by, Permission.CHANGE_SETTINGS):
        return ()
    connection = Connection.objects.first()
    if connection is not None and connection.checklist_ended_at is not None:
        return ()
    items = tuple(ChecklistItem(step, is_done) for step, is_done in _check(connection).items())
    if all(item.is_done for item in items):
        with durability.optional_write("checklist"):
            _end(timezone.now())
        return ()
    return items


def hide(*, by: Person) -> None:
    """For all operators. Raises NotFound without the permission."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    Connection.only()
    _end(timezone.now())
    record("checklist.hidden", by=by)


def _end(now: datetime) -> None:
    Connection.objects.filter(checklist_ended_at=None).update(checklist_ended_at=now)


def _is_answering(connection: Connection) -> bool:
    return connection.last_ok_at is not None and not (connection.unreachable_since or connection.refused_since)


def _check(connection: Connection | None) -> dict[Step, bool]:
    invited = Invitation.objects.filter(revoked_at=None)
    return {
        Step.CONNECTION: connection is not None and _is_answering(connection),
        Step.CUSTOMERS: Customer.objects.filter(is_unassigned=False).exists(),
        Step.BRAND: Brand.objects.filter(is_default=True).exists(),
        Step.MAIL: Mail.objects.filter(state=Mail.State.SENT).exists(),
        Step.SUPPORT: User.objects.filter(staff_role=StaffRole.SUPPORT).exists()
        or invited.filter(staff_role=StaffRole.SUPPORT).exists(),
        Step.CUSTOMER_PEOPLE: Membership.objects.exists()
        or InvitationGrant.objects.filter(invitation__revoked_at=None).exists(),
    }
