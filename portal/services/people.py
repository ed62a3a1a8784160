"""People who sign in, as `portal.permissions` needs them; and the people of the demo."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from portal.models import Membership, User
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
    """A signed-in user with roles; None for an anonymous or inactive one. One query, none for operators."""
    if not isinstance(user, User) or not user.is_active:
        return None
    staff = Role(user.staff_role) if user.staff_role else None
    if staff is Role.OPERATOR:
        return Person(id=user.pk, name=str(user), email=user.email, staff=staff)
    memberships = dict(Membership.objects.filter(user=user).values_list("customer_id", "role"))
    if staff is Role.SUPPORT:
        assigned = frozenset(memberships) or None
        return Person(id=user.pk, name=str(user), email=user.email, staff=staff, assigned=assigned)
    roles = {customer: Role(role) for customer, role in memberships.items() if role != CustomerRole.SUPPORT}
    return Person(id=user.pk, name=str(user), email=user.email, roles=roles)


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
            user = User.objects.create_user(email, DEMO_PASSWORD, name=name, staff_role=staff_role, is_demo=True)
        if external_id:
            customer = customer_rows.ensure_customer(external_id)
            Membership.objects.get_or_create(user=user, customer=customer, defaults={"role": role})
        listed.append((email, f"{role} of {external_id}" if external_id else str(staff_role)))
    return listed
