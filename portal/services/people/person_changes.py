"""Changes of people who are there already: their role, their customers, whether they can sign in.

Operators change everybody, a customer's owners its owners and viewers. The last operator can't be lost, and owners
can't leave their customer without one. Sessions and links that somebody loses end in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.models import Customer, Membership, SupportTag, User
from portal.permissions import Permission, Person, Role
from portal.services import people
from portal.services.accounts import sessions
from portal.services.audit.record import record
from portal.services.authorization import require_permission, require_platform_permission
from portal.services.errors import Conflict, Invalid, NotFound
from portal.services.people import access
from portal.services.people.invitations import CUSTOMER_ROLES, STAFF_ROLES
from portal.services.queries import customers

# Who changes people by `manage.py`: somebody with access to the portal's own machine.
COMMAND_LINE = Person(id=0, name="manage.py", email="", staff=Role.OPERATOR)


@dataclass(frozen=True, slots=True)
class StaffRole:
    """`role` is OPERATOR, SUPPORT, or None for a customer's person. The rest says which customers support sees."""

    role: Role | None
    sees_all_customers: bool = False
    customers: tuple[Customer, ...] = ()
    tags: tuple[str, ...] = ()


def change_staff_role(user_id: int, new: StaffRole, *, by: Person, now: datetime) -> None:
    """Raises NotFound, Invalid, Conflict for the last operator."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    with transaction.atomic():
        user = _lock_user(user_id, stays_operator=new.role is Role.OPERATOR)
        _check_staff_role(user, new)
        before, places = _describe_staff_role(user), _list_places(user) if new.role else []
        if (new.role or "") != user.staff_role:
            access.end_all(user, now=now)
        _store_staff_role(user, new)
        record("person.role_changed", by=by, target=str(user), before=before, after=_describe_staff_role(user))
        for place in places:
            record("member.removed", by=by, customer=place.customer, target=str(user), before={"role": place.role})


@sensitive_variables()
def make_operator(user: User, *, password: str) -> None:
    """Of a new person or of one who is there, in the caller's transaction. By a command: it needs no permission."""
    before = _describe_staff_role(user) if user.pk else None
    user.is_active = True
    user.set_password(password)
    user.save()
    sessions.end_all(user.pk)
    _store_staff_role(user, StaffRole(Role.OPERATOR))
    kind = "person.role_changed" if before else "person.created"
    record(kind, by=None, target=str(user), before=before, after=_describe_staff_role(user), email=user.email)


def deactivate(user_id: int, *, by: Person, now: datetime) -> None:
    """Until somebody reactivates them they can't sign in. Raises NotFound, Conflict for the last operator."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    with transaction.atomic():
        user = _lock_user(user_id, stays_operator=False)
        User.objects.filter(pk=user.pk).update(is_active=False)
        access.end_all(user, now=now)
        _record("person.deactivated", user, _list_places(user), by=by)


def reactivate(user_id: int, *, by: Person) -> None:
    """With the role and customers that they had; sessions and links stay ended. Raises NotFound."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    with transaction.atomic():
        user = _lock_user(user_id, stays_operator=True)
        User.objects.filter(pk=user.pk).update(is_active=True)
        _record("person.reactivated", user, _list_places(user), by=by)


def remove(user_id: int, *, by: Person, now: datetime) -> None:
    """Delete the account. What the person did keeps their name. Raises NotFound, Conflict for the last operator."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    with transaction.atomic():
        user = _lock_user(user_id, stays_operator=False)
        before, places = {"email": user.email, **_describe_staff_role(user)}, _list_places(user)
        access.end_all(user, now=now)
        user.delete()
        _record("person.removed", user, places, by=by, before=before)


def end_sessions(user_id: int, *, by: Person) -> int:
    """Sign somebody out everywhere. Returns how many sessions have ended. Raises NotFound."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    with transaction.atomic():
        user = _lock_user(user_id, stays_operator=True)
        ended = sessions.end_all(user.pk)
        record("person.sessions_ended", by=by, target=str(user), after={"sessions": ended})
    return ended


def change_member_role(user_id: int, *, slug: str, role: str, by: Person, now: datetime) -> None:
    """Raises NotFound, Forbidden, Invalid, Conflict for an owner's last one."""
    if role not in CUSTOMER_ROLES:
        raise Invalid({"role": _("Choose a role.")})
    with transaction.atomic():
        customer, membership = _lock_member(user_id, slug=slug, by=by)
        before = membership.role
        if before == Role.OWNER and role != Role.OWNER:
            _require_other_owner(membership, by=by)
            access.end_at_customer(membership.user, customer, now=now)
        membership.role = role
        membership.save(update_fields=["role"])
        old, new = {"role": before}, {"role": role}
        record("member.role_changed", by=by, customer=customer, target=str(membership.user), before=old, after=new)


def remove_member(user_id: int, *, slug: str, by: Person, now: datetime) -> None:
    """From one customer. Sessions end with the last one. Raises NotFound, Forbidden, Conflict."""
    with transaction.atomic():
        customer, membership = _lock_member(user_id, slug=slug, by=by)
        user, before = membership.user, {"role": membership.role}
        if membership.role == Role.OWNER:
            _require_other_owner(membership, by=by)
        membership.delete()
        access.end_at_customer(user, customer, now=now)
        if not user.memberships.exists():
            sessions.end_all(user.pk)
        record("member.removed", by=by, customer=customer, target=str(user), before=before)


def is_last_operator(user: User, *, lock: bool = False) -> bool:
    """Whether nobody else can sign in as operator. `lock`: until the transaction ends, no operator is changed."""
    rows = User.objects.filter(staff_role=Role.OPERATOR, is_active=True).order_by("pk")
    operators = list(rows.select_for_update() if lock else rows)
    others = [each for each in operators if each.pk != user.pk]
    return len(others) < len(operators) and not any(people.can_sign_in(each) for each in others)


def is_last_owner(membership: Membership) -> bool:
    """Whether the customer has no other owner who can sign in."""
    others = Membership.objects.filter(customer=membership.customer_id, role=Role.OWNER, user__staff_role="")
    others = others.filter(user__is_active=True).exclude(user=membership.user_id)
    return membership.role == Role.OWNER and not others.exists()


def _lock_user(user_id: int, *, stays_operator: bool) -> User:
    """Raises NotFound, Conflict for the last operator unless that is what they stay.

    Locks all operators first, so that of two changes at once the second one sees what the first one left.
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    if is_last_operator(user, lock=True) and not stays_operator:
        raise Conflict(_("This is the only operator. Make someone else an operator first."))
    locked = User.objects.select_for_update().filter(pk=user_id).first()
    if locked is None:
        raise NotFound
    return locked


def _check_staff_role(user: User, new: StaffRole) -> None:
    if new.role not in {None, *STAFF_ROLES}:
        raise Invalid({"role": _("Choose a role.")})
    if new.role is not None and user.hand_off_identities.exists():
        raise Invalid({"role": _("People who come from your own app can’t be staff. Invite them by e-mail instead.")})
    if new.role is Role.SUPPORT and not (new.sees_all_customers or new.customers or new.tags):
        raise Invalid({"customers": _("Choose all customers, some customers, or a tag.")})


def _store_staff_role(user: User, new: StaffRole) -> None:
    """Staff have one role everywhere: what they had at customers ends."""
    is_limited = new.role is Role.SUPPORT and not new.sees_all_customers
    kept = user.memberships.none() if new.role else user.memberships.exclude(role=Role.SUPPORT)
    user.memberships.exclude(pk__in=kept.values("pk")).delete()
    user.support_tags.all().delete()
    user.staff_role, user.sees_all_customers = new.role or "", new.role is Role.SUPPORT and new.sees_all_customers
    user.save(update_fields=["staff_role", "sees_all_customers"])
    if is_limited:
        Membership.objects.bulk_create(
            Membership(user=user, customer=customer, role=Role.SUPPORT) for customer in new.customers
        )
        SupportTag.objects.bulk_create(SupportTag(user=user, tag=tag) for tag in new.tags)


def _describe_staff_role(user: User) -> dict[str, object]:
    """For the audit log."""
    roles = user.memberships.order_by("customer__slug").values_list("customer__slug", "role")
    return {
        "role": user.staff_role,
        "all_customers": user.sees_all_customers,
        "customers": [f"{slug}: {role}" for slug, role in roles],
        "tags": sorted(user.support_tags.values_list("tag", flat=True)),
    }


def _list_places(user: User) -> list[Membership]:
    """Where people see what happens to this person: nowhere, for staff."""
    return [] if user.staff_role else list(user.memberships.select_related("customer").order_by("pk"))


def _record(
    kind: str, user: User, places: list[Membership], *, by: Person, before: dict[str, object] | None = None
) -> None:
    """One event for each of the person's customers, which says nothing of the others; else one for the platform."""
    for place in places:
        facts = {"email": user.email, "role": place.role}
        record(kind, by=by, customer=place.customer, target=str(user), before=facts)
    if not places:
        record(kind, by=by, target=str(user), before=before)


def _lock_member(user_id: int, *, slug: str, by: Person) -> tuple[Customer, Membership]:
    """An owner or viewer of a customer, whose people are locked. Raises NotFound, also for staff; Forbidden."""
    customer = customers.get_customer(by=by, slug=slug)
    require_permission(Permission.MANAGE_PEOPLE, customer, None, by=by)
    # Rows that refer to the customer, such as memberships, can still be added.
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    members = Membership.objects.filter(customer=customer, user__staff_role="", role__in=CUSTOMER_ROLES)
    membership = members.select_related("user").filter(user__pk=user_id).first()
    if membership is None:
        raise NotFound
    return customer, membership


def _require_other_owner(membership: Membership, *, by: Person) -> None:
    """Operators may: they can invite another owner."""
    if not by.is_staff and is_last_owner(membership):
        raise Conflict(_("This is the customer’s only owner. Make someone else an owner first."))
