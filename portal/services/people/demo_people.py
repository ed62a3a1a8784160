"""The people of the demo."""

from django.conf import settings
from django.db import transaction

from portal.models import Membership, User
from portal.models.people import CustomerRole, StaffRole
from portal.services.sync.upsert import customer_rows

DEMO_PASSWORD = "demo-password"  # noqa: S105 - printed at each start of the demo and refused without the simulator

_DEMO_PEOPLE = (
    ("operator@portal.test", "Olga Petrov", StaffRole.OPERATOR, "", ""),
    ("support@portal.test", "Ana Ruiz", StaffRole.SUPPORT, "", ""),
    ("owner@brightsmile.test", "Dr Rao", "", "brightsmile-dental", CustomerRole.OWNER),
    ("viewer@brightsmile.test", "Vera Lind", "", "brightsmile-dental", CustomerRole.VIEWER),
    ("owner@pawsome.test", "Pablo Ortiz", "", "pawsome-vets", CustomerRole.OWNER),
)


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
