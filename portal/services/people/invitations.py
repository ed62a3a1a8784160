"""Invitations: sent by mail with a secret link, sent again, revoked. `invitation_links` opens and accepts them.

Nothing here depends on whether an account has the address, so what somebody reads after inviting says nothing about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal import miosa
from portal.models import Customer, Invitation, InvitationGrant, Membership
from portal.permissions import Permission, Person, Role
from portal.services import clean_text, open_words, secret_links
from portal.services.audit.record import record
from portal.services.authorization import require_permission, require_platform_permission
from portal.services.brands import current
from portal.services.errors import Invalid, NotFound, Unavailable
from portal.services.mails import compose
from portal.services.people import access
from portal.services.queries import customers
from portal.services.rates import Share
from portal.services.sync import budget

VALID_FOR = timedelta(days=7)
_KEPT_FOR = timedelta(days=90)
LONGEST_NAME = 200
_LONGEST_EMAIL = 254
CUSTOMER_ROLES = (Role.OWNER, Role.VIEWER)
STAFF_ROLES = (Role.OPERATOR, Role.SUPPORT)
# How many invitations a customer's owner may send at once, and after that how many per second.
_AT_ONCE, _PER_S = 30.0, 1 / 120


@dataclass(frozen=True, slots=True)
class Invitee:
    """Who is invited to what. `customers` are those of an owner or viewer, or those that a support person sees, who
    else sees all of them, or those with one of `tags`.
    """

    email: str
    role: Role
    name: str = ""
    customers: tuple[Customer, ...] = ()
    sees_all_customers: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentInvitation:
    """`secret` is in the mail, and stored nowhere."""

    id: int
    email: str
    secret: str = field(repr=False)

    @property
    def link_to_pass_on(self) -> str:
        """The secret if no mail can be sent, so that somebody has to pass it on; else nothing."""
        return "" if settings.SMTP_URL else self.secret


def clean_email(text: str) -> str:
    """In lower case. Raises Invalid for `email`."""
    typed = text.strip()
    wrong = Invalid({"email": _("Enter an e-mail address, such as ana@example.com.")})
    # Lower-casing makes ASCII letters of some others, and so somebody else's address.
    if not typed.partition("@")[0].isascii():
        raise wrong
    try:
        validate_email(typed)
    except ValidationError:
        raise wrong from None
    email = typed.lower()  # which can be longer
    if len(email) > _LONGEST_EMAIL:
        raise Invalid({"email": _("This e-mail address is too long.")})
    return email


@sensitive_variables()
def invite(invitee: Invitee, *, by: Person, now: datetime) -> SentInvitation:
    """By an operator, to any role. Raises NotFound, Invalid."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    email = clean_email(invitee.email)
    if invitee.role in CUSTOMER_ROLES and not invitee.customers:
        raise Invalid({"customers": _("Enter at least one customer.")})
    has_scope = invitee.sees_all_customers or invitee.customers or invitee.tags
    if invitee.role is Role.SUPPORT and not has_scope:
        raise Invalid({"customers": _("Choose all customers, some customers, or a tag.")})
    with transaction.atomic():
        invited_to = () if invitee.role is Role.OPERATOR else invitee.customers
        roles: dict[Customer, Role] = dict.fromkeys(invited_to, invitee.role)
        return store(email, roles, invitee=invitee, by=by, now=now)


@sensitive_variables()
def invite_member(*, slug: str, email: str, name: str, role: str, by: Person, now: datetime) -> SentInvitation:
    """To one customer, as owner or viewer. Raises NotFound, Forbidden, Invalid, Unavailable."""
    customer = _get_customer(slug, by=by)
    address = clean_email(email)
    if role not in CUSTOMER_ROLES:
        raise Invalid({"role": _("Choose a role.")})
    members = Membership.objects.filter(customer=customer, user__email=address, user__staff_role="")
    if members.exclude(role=Role.SUPPORT).exists():
        raise Invalid({"email": _("This person belongs to this customer already. Change the role in the list.")})
    _count(by, now=now)
    invitee = Invitee(address, Role(role), name)
    with transaction.atomic():
        # The newest invitation counts.
        to_email = Q(email=address, staff_role="")
        access.withdraw_grants(customer, to_email, now=now)
        return store(address, {customer: invitee.role}, invitee=invitee, by=by, now=now)


@sensitive_variables()
def resend(invitation_id: int, *, by: Person, now: datetime) -> SentInvitation:
    """With a new link; the old one ends. By an operator. Raises NotFound."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    with transaction.atomic():
        return _send_again(_lock_open(invitation_id), by=by, now=now)


@sensitive_variables()
def resend_at_customer(invitation_id: int, *, slug: str, by: Person, now: datetime) -> SentInvitation:
    """The same for one customer alone. Raises NotFound, Forbidden, Unavailable."""
    customer = _get_customer(slug, by=by)
    _count(by, now=now)
    with transaction.atomic():
        invitation = _lock_open(invitation_id, customer=customer)
        grant = invitation.grants.get(customer=customer)
        if invitation.grants.count() == 1:
            return _send_again(invitation, by=by, now=now)
        grant.delete()
        invitee = Invitee(invitation.email, Role(grant.role), invitation.name)
        return store(invitation.email, {customer: invitee.role}, invitee=invitee, by=by, now=now)


def revoke(invitation_id: int, *, by: Person, now: datetime) -> None:
    """By an operator. Raises NotFound."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    with transaction.atomic():
        invitation = _lock_open(invitation_id)
        Invitation.objects.filter(pk=invitation.pk).update(revoked_at=now)
        roles = {grant.customer: Role(grant.role) for grant in invitation.grants.select_related("customer")}
        _record("invitation.revoked", invitation, roles, by=by)


def revoke_at_customer(invitation_id: int, *, slug: str, by: Person, now: datetime) -> None:
    """The part for one customer. Raises NotFound, Forbidden."""
    customer = _get_customer(slug, by=by)
    with transaction.atomic():
        invitation = _lock_open(invitation_id, customer=customer)
        access.withdraw_grants(customer, Q(pk=invitation.pk), now=now)
        record("invitation.revoked", by=by, customer=customer, target=invitation.email)


@sensitive_variables()
def store(
    email: str,
    roles: Mapping[Customer, Role],
    *,
    invitee: Invitee,
    by: Person,
    now: datetime,
    batch: UUID | None = None,
) -> SentInvitation:
    """Create the invitation and its mail, in the caller's transaction. `by` may invite to all of this."""
    secret = secret_links.create_secret()
    is_staff = invitee.role in STAFF_ROLES
    invitation = Invitation(
        email=email,
        name=clean_text.clean_line(invitee.name, most=LONGEST_NAME),
        staff_role=invitee.role.value if is_staff else "",
        sees_all_customers=invitee.role is Role.SUPPORT and invitee.sees_all_customers,
        tags=list(invitee.tags) if invitee.role is Role.SUPPORT else [],
        batch=batch,
    )
    _send(invitation, secret, roles, by=by, now=now)
    InvitationGrant.objects.bulk_create(
        InvitationGrant(invitation=invitation, customer=customer, role=role) for customer, role in roles.items()
    )
    _record("person.invited", invitation, roles, by=by)
    return SentInvitation(invitation.pk, email, secret)


def delete_old(*, now: datetime) -> int:
    """Those that expired 90 days ago, whatever came of them, which the audit log tells. Returns how many."""
    return Invitation.objects.filter(expires_at__lt=now - _KEPT_FOR).delete()[1].get("portal.Invitation", 0)


def get_inviter_name(by_name: str, *, is_staff: bool) -> str:
    """As people who are invited see it. The names of the platform's staff are shown only if a setting says so."""
    if by_name and (settings.SHOW_STAFF_NAMES or not is_staff):
        return by_name
    return current.get_brand(current.get_requested_host()).name


def show_customer(customer: Customer) -> str:
    """The name as people who are invited see it."""
    return open_words.show_text_to_customers(customer.display_name or customer.name)


def _send_again(invitation: Invitation, *, by: Person, now: datetime) -> SentInvitation:
    secret = secret_links.create_secret()
    roles = {grant.customer: Role(grant.role) for grant in invitation.grants.select_related("customer")}
    _send(invitation, secret, roles, by=by, now=now)
    _record("invitation.resent", invitation, roles, by=by)
    return SentInvitation(invitation.pk, invitation.email, secret)


def _send(invitation: Invitation, secret: str, roles: Mapping[Customer, Role], *, by: Person, now: datetime) -> None:
    """Store the mail, and the invitation with the hash of its secret."""
    places = [(show_customer(customer), role) for customer, role in roles.items()] if not invitation.staff_role else []
    context = {
        "secret": secret,
        "name": invitation.name,
        "inviter": get_inviter_name(by.name, is_staff=by.is_staff),
        "staff_role": invitation.staff_role,
        "places": places,
        "days": VALID_FOR.days,
    }
    invitation.mail = compose.send("invitation", to=invitation.email, context=context)
    invitation.secret_hash = secret_links.hash_secret(secret)
    invitation.invited_by_id, invitation.invited_by_name = by.id or None, by.name[:LONGEST_NAME]
    invitation.created_at, invitation.expires_at = now, now + VALID_FOR
    invitation.save()


def _record(kind: str, invitation: Invitation, roles: Mapping[Customer, Role], *, by: Person) -> None:
    """One event for each customer, so that its people see it; one for the platform if it is about staff."""
    if invitation.staff_role:
        scope = {"role": invitation.staff_role, "all_customers": invitation.sees_all_customers, "tags": invitation.tags}
        record(kind, by=by, target=invitation.email, after=scope)
        return
    for customer, role in roles.items():
        record(kind, by=by, customer=customer, target=invitation.email, after={"role": role})


def _lock_open(invitation_id: int, *, customer: Customer | None = None) -> Invitation:
    """One that was neither accepted nor revoked; it may have expired. Raises NotFound."""
    rows = Invitation.objects.select_for_update().filter(accepted_at=None, revoked_at=None)
    if customer is not None:
        ids = InvitationGrant.objects.filter(customer=customer).values("invitation")
        rows = rows.filter(pk__in=ids, staff_role="")
    invitation = rows.filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound
    return invitation


def _get_customer(slug: str, *, by: Person) -> Customer:
    customer = customers.get_customer(by=by, slug=slug)
    if customer.is_unassigned:
        raise NotFound
    require_permission(Permission.MANAGE_PEOPLE, customer, None, by=by)
    return customer


def _count(by: Person, *, now: datetime) -> None:
    """Raises Unavailable once a customer's person has sent very many. Each is a mail to somebody."""
    if by.is_staff:
        return
    try:
        budget.take_shares([Share(f"invitations:{by.id}", capacity=_AT_ONCE, refill=_PER_S)], now=now.timestamp())
    except miosa.BudgetSpent as error:
        message = _("You have sent many invitations. Wait a few minutes before you send more.")
        raise Unavailable(message, retry_after_s=error.retry_after_s) from error
