"""People who sign in, as `portal.permissions` needs them."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q

from portal.models import Customer, Membership, OwnerPermission, User
from portal.models.people import CustomerRole, StaffRole
from portal.permissions import Person, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


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
