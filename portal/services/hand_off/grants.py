"""A grant lets one browser sign in as the person of a token, once and within a minute. It is kept in a cookie there."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from portal.models import Customer, UsedToken, User
from portal.services import open_words, people
from portal.services.hand_off.errors import Refused

LIFETIME_S = 60
_SALT = "portal.hand_off"
# What UsedToken has in place of the issuer of a token.
_ISSUER = "portal"


@dataclass(frozen=True, slots=True)
class Grant:
    """`next_path` is where to go afterwards. `is_from_app`: nobody has to be asked whether they want to sign in."""

    id: str
    user: User
    customer_name: str
    next_path: str
    is_from_app: bool


def create_grant(user: User, customer: Customer, *, next_path: str, is_from_app: bool) -> str:
    facts = {
        "id": secrets.token_hex(16),
        "user": user.pk,
        "customer": open_words.show_text_to_customers(customer.display_name or customer.name),
        "next": next_path,
        "is_from_app": is_from_app,
    }
    return signing.dumps(facts, salt=_SALT, compress=True)


@sensitive_variables("text")
def open_grant(text: str) -> Grant:
    """Raises Refused."""
    try:
        facts = signing.loads(text, salt=_SALT, max_age=LIFETIME_S)
    except signing.BadSignature:
        raise Refused("the minute after the hand-off is over, or it was in another browser") from None
    user = User.objects.filter(pk=facts["user"]).first()
    if user is None or not people.can_sign_in(user) or user.staff_role:
        raise Refused("the person may not sign in any more")
    return Grant(facts["id"], user, facts["customer"], facts["next"], facts["is_from_app"])


def use_grant(grant: Grant, *, now: datetime) -> None:
    """Raises Refused if it was used before."""
    try:
        with transaction.atomic():
            expires_at = now + timedelta(seconds=LIFETIME_S)
            UsedToken.objects.create(issuer=_ISSUER, jti=grant.id, expires_at=expires_at)
    except IntegrityError:
        raise Refused("it was used before") from None
