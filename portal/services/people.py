"""People who sign in, as `portal.permissions` needs them; and the people of the demo."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from portal.models import Customer, Membership, OwnerPermission, User
from portal.models.people import CustomerRole, StaffRole
from portal.permissions import Person, Role
from portal.services.sync.upsert import customer_rows

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

DEMO_PASSWORD = "demo-password"  # noqa: S105 - printed at each start of the demo and refused without the simulator

_DEMO_PEOPLE = (
    ("operator@portal.test", "Olga Petrov", StaffRole.OPERATOR, "", ""),
    ("support@portal.test", "Ana Ruiz", StaffRole.SUPPORT, "", ""),
    ("owner@brightsmile.test", "Dr Rao", "", "brightsmile-dental", CustomerRole.OWNER),
    ("viewer@brightsmile.test", "Vera Lind", "", "brightsmile-dental", CustomerRole.VIEWER),
    ("owner@pawsome.test", "Pablo Ortiz", "", "pawsome-vets", CustomerRole.OWNER),
)


def get_person(user: "User | AnonymousUser") -> Person | None:
    """A signed-in user with roles; None for an anonymous or inactive one.

    No query for operators and support of all customers, one for viewers, two for owners and other support staff.
    """
    if not isinstance(user, User) or not user.is_active:
        return None
    facts: dict[str, Any] = {"id": user.pk, "name": str(user), "email": user.email}
    if user.staff_role == StaffRole.OPERATOR or (user.staff_role and user.sees_all_customers):
        return Person(**facts, staff=Role(user.staff_role))
    memberships = dict(Membership.objects.filter(user=user).values_list("customer_id", "role"))
    if user.staff_role:
        tagged = Customer.objects.filter(tags__tag__in=user.support_tags.values("tag")).values_list("pk", flat=True)
        return Person(**facts, staff=Role(user.staff_role), assigned=frozenset({*memberships, *tagged}))
    roles = {customer: Role(role) for customer, role in memberships.items() if role != CustomerRole.SUPPORT}
    return Person(**facts, roles=roles, denied=list_denied([pk for pk, role in roles.items() if role is Role.OWNER]))


def list_denied(customer_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """What the platform denies to the owners of these customers, by the customer's id. No query without ids."""
    if not customer_ids:
        return {}
    rows = OwnerPermission.objects.filter(Q(customer=None) | Q(customer__in=customer_ids))
    stated = {(row.customer_id, row.permission): row.is_allowed for row in rows}
    names = {permission for _customer, permission in stated}
    return {
        pk: frozenset(name for name in names if not stated.get((pk, name), stated.get((None, name), True)))
        for pk in customer_ids
    }


def find_person(user_id: int | None) -> Person | None:
    """A user who can sign in; None for one who no longer can, or who was deleted."""
    user = User.objects.filter(pk=user_id).first() if user_id is not None else None
    return get_person(user) if user is not None and can_sign_in(user) else None


def can_sign_in(user: User) -> bool:
    """Demo people can sign in only with the simulator."""
    return user.is_active and (settings.MIOSA.is_demo or not user.is_demo)


@transaction.atomic
def ensure_demo_people() -> list[tuple[str, str]]:
    """Create the demo's people and their customers if they are missing. Returns (e-mail, role) of all.

    Raises RuntimeError if a real MIOSA is configured.
    """
    if not settings.MIOSA.is_demo:
        raise RuntimeError("Demo people exist only beside the simulator.")
    listed = []
    for email, name, staff_role, external_id, role in _DEMO_PEOPLE:
        user = User.objects.filter(email=email).first()
        if user is None:
            facts = {"name": name, "staff_role": staff_role, "sees_all_customers": staff_role == StaffRole.SUPPORT}
            user = User.objects.create_user(email, DEMO_PASSWORD, is_demo=True, **facts)
        if external_id:
            customer = customer_rows.ensure_customer(external_id)
            Membership.objects.get_or_create(user=user, customer=customer, defaults={"role": role})
        listed.append((email, f"{role} of {external_id}" if external_id else str(staff_role)))
    return listed
