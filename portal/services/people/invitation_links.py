"""Opening and accepting an invitation with the secret of its link. Opening changes nothing.

An invitation belongs to its e-mail address: it is accepted by the account with that address, or creates it. It never
lowers a role, never changes somebody who is staff already, and works only while its sender may still invite.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.models import Customer, Invitation, InvitationGrant, Membership, SupportTag, User
from portal.permissions import Permission, Person, Role, has_permission
from portal.services import clean_text, people, secret_links
from portal.services.audit.record import record
from portal.services.errors import Conflict, Invalid, NotFound
from portal.services.people.invitations import LONGEST_NAME, get_inviter_name, show_customer


class Step(StrEnum):
    """What the person who opened the link has to do, or why it can't be accepted.

    ACCEPT: signed in as the person invited. CLOSED: the account was deactivated. CREATE: nobody has the address yet.
    OTHER_ACCOUNT: signed in as somebody else. SIGN_IN: an account has the address. STAFF: the account is staff already.
    """

    ACCEPT = "accept"
    CLOSED = "closed"
    CREATE = "create"
    OTHER_ACCOUNT = "other_account"
    SIGN_IN = "sign_in"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """`staff_role` is empty for an invitation to customers, which are in `places` with the role there."""

    email: str
    name: str
    staff_role: str
    places: tuple[tuple[str, Role], ...]
    inviter: str
    expires_at: datetime
    step: Step


@dataclass(frozen=True, slots=True)
class _Open:
    invitation: Invitation
    grants: tuple[InvitationGrant, ...]
    inviter_is_staff: bool


@sensitive_variables()
def open_invitation(*, secret: str, by: Person, address: str, now: datetime) -> InvitationPage:
    """Raises NotFound for an invitation that ended or never existed, Unavailable after too many visits."""
    secret_links.count_visit(address, now=now)
    found = _find_open(secret, now=now)
    invitation = found.invitation
    return InvitationPage(
        email=invitation.email,
        name=invitation.name,
        staff_role=invitation.staff_role,
        places=tuple((show_customer(grant.customer), Role(grant.role)) for grant in found.grants),
        inviter=get_inviter_name(invitation.invited_by_name, is_staff=found.inviter_is_staff),
        expires_at=invitation.expires_at,
        step=_find_step(User.objects.filter(email=invitation.email).first(), by=by),
    )


@sensitive_variables()
def accept(*, secret: str, by: Person, address: str, now: datetime) -> None:
    """By the signed-in person it belongs to. Raises NotFound, Conflict if it is not theirs."""
    secret_links.count_visit(address, now=now)
    with transaction.atomic():
        found = _find_open(secret, now=now)
        user = User.objects.select_for_update().filter(email=found.invitation.email).first()
        if user is None or _find_step(user, by=by) is not Step.ACCEPT:
            raise Conflict(_("This invitation belongs to another account."))
        _use(secret, user, now=now)


@sensitive_variables()
def accept_as_new(*, secret: str, by: Person, name: str, password: str, address: str, now: datetime) -> int:
    """Create the account. Returns the user's id. Raises NotFound, Invalid, Conflict if somebody has the address."""
    secret_links.count_visit(address, now=now)
    invitation = _find_open(secret, now=now).invitation
    if by.id:
        raise Conflict(_("You are signed in as someone else."))
    user = User(email=invitation.email, name=clean_text.clean_line(name, most=LONGEST_NAME))
    if not user.name:
        raise Invalid({"name": _("Enter your name.")})
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": " ".join(error.messages)}) from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            _use(secret, user, now=now)
    except IntegrityError:
        raise Conflict(_("Someone has just created an account with this address. Open the link again.")) from None
    return user.pk


def _find_open(secret: str, *, now: datetime, lock: bool = False) -> _Open:
    """With what it still gives; `lock`: until the transaction ends nothing of that is withdrawn. Raises NotFound."""
    rows = Invitation.objects.select_for_update() if lock else Invitation.objects.all()
    open_ones = rows.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
    invitation = open_ones.filter(secret_hash=secret_links.hash_secret(secret)).first()
    if invitation is None:
        raise NotFound
    inviter = people.find_person(invitation.invited_by_id)
    is_by_command = invitation.invited_by_id is None
    granted = invitation.grants.select_related("customer").order_by("customer__name", "pk")
    grants = tuple(each for each in granted if is_by_command or _may_invite(inviter, each.customer))
    if invitation.staff_role and not (is_by_command or has_permission(inviter, Permission.MANAGE_PEOPLE)):
        raise NotFound
    if not grants and not invitation.staff_role:
        raise NotFound
    return _Open(invitation, grants, is_by_command or (inviter is not None and inviter.is_staff))


def _may_invite(inviter: Person | None, customer: Customer) -> bool:
    return has_permission(inviter, Permission.MANAGE_PEOPLE, customer_id=customer.pk)


def _find_step(user: User | None, *, by: Person) -> Step:
    if by.id and (user is None or user.pk != by.id):
        return Step.OTHER_ACCOUNT
    if user is None:
        return Step.CREATE
    if not people.can_sign_in(user):
        return Step.CLOSED
    if user.staff_role:
        return Step.STAFF
    return Step.ACCEPT if by.id else Step.SIGN_IN


def _use(secret: str, user: User, *, now: datetime) -> None:
    """In the caller's transaction. Raises NotFound if it was accepted or revoked meanwhile."""
    found = _find_open(secret, now=now, lock=True)
    Invitation.objects.filter(pk=found.invitation.pk).update(accepted_at=now)
    if found.invitation.staff_role:
        _make_staff(user, found)
    else:
        for grant in found.grants:
            _add_membership(user, grant)
    person = people.get_person(user)
    if found.invitation.staff_role:
        record("invitation.accepted", by=person, target=user.email, after={"role": found.invitation.staff_role})
    for grant in () if found.invitation.staff_role else found.grants:
        record("invitation.accepted", by=person, customer=grant.customer, target=user.email, after={"role": grant.role})


def _make_staff(user: User, found: _Open) -> None:
    """Roles at customers end: staff have one role everywhere."""
    user.memberships.all().delete()
    user.staff_role, user.sees_all_customers = found.invitation.staff_role, found.invitation.sees_all_customers
    user.save(update_fields=["staff_role", "sees_all_customers"])
    Membership.objects.bulk_create(
        Membership(user=user, customer=grant.customer, role=Role.SUPPORT) for grant in found.grants
    )
    SupportTag.objects.bulk_create(SupportTag(user=user, tag=tag) for tag in found.invitation.tags)


def _add_membership(user: User, grant: InvitationGrant) -> None:
    membership, is_new = Membership.objects.get_or_create(
        user=user, customer=grant.customer, defaults={"role": grant.role}
    )
    # Whoever was support staff once may still have that role here, which gives nothing any more.
    if not is_new and (grant.role == Role.OWNER or membership.role == Role.SUPPORT):
        membership.role = grant.role
        membership.save(update_fields=["role"])
