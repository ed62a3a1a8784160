"""Who may sign in with the OpenID provider: staff whose groups give them a role. The role follows the groups."""

from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.models import User
from portal.models.people import StaffRole
from portal.services import people
from portal.services.audit import record
from portal.services.people import access, person_changes

NO_GROUP = gettext_noop("You aren't in a group that may use this portal. Contact the people who manage %(provider)s.")
NOT_STAFF = gettext_noop("Your e-mail address belongs to a customer's account here. Sign in with its password.")
TAKEN = gettext_noop("Your e-mail address belongs to an account here that someone else at %(provider)s signs in to.")
CLOSED = gettext_noop("Your account here is deactivated. Contact your administrator.")


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of a person. `email` is in lower case; it counts only if it is verified."""

    email: str
    is_email_verified: bool
    name: str
    groups: frozenset[str]


class Refused(Exception):
    def __init__(self, for_people: str) -> None:
        super().__init__(for_people)
        self.for_people = for_people


def get_allowed_user(linked: User | None, claims: Claims, *, issuer: str) -> User:
    """The person to sign in, with the role of their groups. `linked` is who has signed in with this identity before.

    Raises Refused, after what follows from it was stored: without a group, a role that groups gave is gone.
    """
    role = find_role(claims.groups)
    if linked is not None and not people.can_sign_in(linked):
        raise _refusal(CLOSED, claims)
    if role is None:
        if linked is not None:
            _take_role(linked)
        raise _refusal(NO_GROUP, claims)
    user = linked or _find_by_email(claims, issuer=issuer)
    if user is None:
        return _create(claims, role)
    _set_role(user, role)
    return user


def find_role(groups: frozenset[str]) -> StaffRole | None:
    if groups.intersection(settings.OIDC_OPERATOR_GROUPS):
        return StaffRole.OPERATOR
    return StaffRole.SUPPORT if groups.intersection(settings.OIDC_SUPPORT_GROUPS) else None


def _find_by_email(claims: Claims, *, issuer: str) -> User | None:
    """An account of staff that nobody has signed in to with this provider yet. Never a customer's person."""
    if not claims.email or not claims.is_email_verified:
        return None
    user = User.objects.filter(email=claims.email).first()
    if user is None:
        return None
    if not people.can_sign_in(user):
        raise _refusal(CLOSED, claims)
    if not user.staff_role:
        raise _refusal(NOT_STAFF, claims)
    if SocialAccount.objects.filter(user=user, provider=issuer).exists():
        raise _refusal(TAKEN, claims)
    return user


@transaction.atomic
def _create(claims: Claims, role: StaffRole) -> User:
    """Without a password. An address that is not verified could be somebody else's, and is left out."""
    email = claims.email if claims.is_email_verified else ""
    sees_all = role == StaffRole.SUPPORT
    user = User.objects.create_user(email, name=claims.name, staff_role=role, sees_all_customers=sees_all)
    record.record("person.added", by=None, email=claims.email, target=str(user), after={"role": role, "way": "oidc"})
    return user


@transaction.atomic
def _set_role(user: User, role: StaffRole) -> None:
    if user.staff_role != role and not person_changes.is_last_operator(user, lock=True):
        _change_role(user, role)


@transaction.atomic
def _take_role(user: User) -> None:
    if user.staff_role and not person_changes.is_last_operator(user, lock=True):
        _change_role(user, "")


def _change_role(user: User, role: str) -> None:
    before = user.staff_role
    user.staff_role, user.sees_all_customers = role, role == StaffRole.SUPPORT
    user.save(update_fields=["staff_role", "sees_all_customers"])
    access.end_all(user, now=timezone.now())
    record.record(
        "person.role_changed",
        by=None,
        email=user.email,
        target=str(user),
        before={"role": before},
        after={"role": role, "way": "oidc"},
    )


def _refusal(text: str, claims: Claims) -> Refused:
    record.record("sign_in.failed", by=None, email=claims.email, after={"way": "oidc"}, outcome=record.Outcome.REFUSED)
    return Refused(_(text))
