"""Accepts a token: finds or creates its person and customer, and makes a grant for the browser that brought it."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from portal.models import Customer, HandOffIdentity, Membership, UsedToken, User
from portal.models.audit import AuditEvent
from portal.models.people import CustomerRole
from portal.services import people, secret_links
from portal.services.audit.record import record
from portal.services.errors import Unavailable
from portal.services.hand_off import grants, tokens
from portal.services.hand_off.errors import Refused
from portal.services.hand_off.tokens import Claims
from portal.services.people import access
from portal.services.sync.upsert import customer_rows


@sensitive_variables()
def accept(token: str, *, network: str, is_from_app: bool, now: datetime) -> str:
    """The grant of a token that is valid and was not used before.

    `is_from_app`: the browser says that the page at HANDOFF_URL has sent it; else the person is asked first. Raises
    Refused, which is in the audit log by then, and Unavailable.
    """
    secret_links.count_visit(network, now=now)
    claims = None
    try:
        claims = tokens.verify(token, now=now)
        with transaction.atomic():
            user, customer = _apply(claims, now=now)
    except (Refused, Unavailable) as error:
        _record_refusal(error, claims)
        raise
    path = claims.next or f"/c/{customer.slug}/"
    return grants.create_grant(user, customer, next_path=path, is_from_app=is_from_app)


def delete_expired_tokens(*, now: datetime) -> int:
    return UsedToken.objects.filter(expires_at__lt=now).delete()[0]


def _apply(claims: Claims, *, now: datetime) -> tuple[User, Customer]:
    """All of it or, if it is refused, none of it."""
    _mark_as_used(claims.jti, claims.expires_at)
    customer = customer_rows.ensure_customer(claims.external_workspace_id)
    user = _ensure_user(claims)
    if not people.can_sign_in(user):
        raise Refused("the person is deactivated")
    if user.staff_role:
        raise Refused("the person is staff, who sign in themselves")
    membership = Membership.objects.filter(user=user, customer=customer).first()
    before = {"name": user.name, "role": membership.role if membership else ""}
    after = {"name": claims.name, "role": claims.role}
    if before != after:
        User.objects.filter(pk=user.pk).update(name=claims.name)
        Membership.objects.update_or_create(user=user, customer=customer, defaults={"role": claims.role})
        if (before["role"], after["role"]) == (CustomerRole.OWNER, CustomerRole.VIEWER):
            access.end_at_customer(user, customer, now=now)
        user.refresh_from_db()
    by = people.get_person(user)
    target = f"{claims.external_user_id} of {claims.external_workspace_id}"
    record("hand_off.accepted", by=by, customer=customer, target=target, before=before, after=after)
    return user, customer


def _mark_as_used(jti: str, expires_at: datetime) -> None:
    """Of two requests at the same time the database lets one insert the row."""
    try:
        with transaction.atomic():
            UsedToken.objects.create(issuer=settings.HAND_OFF.issuer, jti=jti, expires_at=expires_at)
    except IntegrityError:
        raise Refused("it was used before") from None


def _ensure_user(claims: Claims) -> User:
    """The person with these three ids. Nobody is found by an e-mail address or a name."""
    ids = {"issuer": settings.HAND_OFF.issuer, **claims.facts}
    identity = HandOffIdentity.objects.select_related("user").filter(**ids).first()
    if identity is not None:
        return identity.user
    try:
        with transaction.atomic():
            user = User.objects.create_user("", name=claims.name, is_demo=settings.MIOSA.is_demo)
            HandOffIdentity.objects.create(**ids, user=user)
    except IntegrityError:
        return HandOffIdentity.objects.select_related("user").get(**ids).user
    return user


def _record_refusal(error: Refused | Unavailable, claims: Claims | None) -> None:
    reason = error.reason if isinstance(error, Refused) else "the keys of HANDOFF_JWKS_URL can't be fetched"
    facts = claims.facts if claims is not None else None
    customer = Customer.objects.filter(external_id=claims.external_workspace_id).first() if claims is not None else None
    outcome = AuditEvent.Outcome.REFUSED
    record("hand_off.refused", by=None, customer=customer, target=reason, after=facts, outcome=outcome)
