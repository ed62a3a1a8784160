"""Changes of how a person signs in: the audit log has them, and the person learns of them by mail.

These mails can't be declined: whoever gets one without having changed anything has to act.
"""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.models import Membership, UsedToken, User
from portal.permissions import Permission, Person
from portal.services import people
from portal.services.accounts import sessions
from portal.services.audit import record
from portal.services.authorization import require_platform_permission
from portal.services.errors import NotFound
from portal.services.mails import compose

# What UsedToken has in place of the issuer of a token.
_CODES = "second factor"
_SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def record_change(kind: str, user: User, **facts: Any) -> None:
    record.record(kind, by=people.get_person(user), email=user.email, after=facts or None)


def report_change(user: User, what: str, *, to: str = "") -> None:
    """`what` is a case of `templates/mails/security_changed.txt`. `to`: another address than the person's own."""
    if address := to or user.email:
        compose.send("security_changed", to=address, context={"what": what, "at": timezone.now()}, user=user)


def use_code(user_id: int, code: str, *, until: datetime) -> bool:
    """Whether this is the first use of a code that is valid until then."""
    try:
        with transaction.atomic():
            UsedToken.objects.create(issuer=_CODES, jti=f"{user_id}:{code}", expires_at=until)
    except IntegrityError:
        return False
    return True


def has_second_factor(user: User) -> bool:
    """Recovery codes are none: they only help out."""
    return bool(Authenticator.objects.filter(user=user, type__in=_SECOND_FACTORS).exists())


def remove_second_factors(user_id: int, *, by: Person) -> None:
    """For somebody who has lost them, recovery codes too. Raises NotFound."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id).first()
        if user is None:
            raise NotFound
        Authenticator.objects.filter(user=user).delete()
        sessions.end_all(user.pk)
        record.record("person.second_factors_removed", by=by, target=str(user))
        report_change(user, "second_factor_removed")


def needs_second_factor(user: User) -> bool:
    """Whether one of this person's roles is in SECOND_FACTOR_FOR, and they have none."""
    wanted = settings.SECOND_FACTOR_FOR
    if not wanted:
        return False
    roles = {user.staff_role} if user.staff_role else _list_roles(user)
    return not wanted.isdisjoint(roles) and not has_second_factor(user)


def _list_roles(user: User) -> set[str]:
    return set(Membership.objects.filter(user=user).values_list("role", flat=True))
