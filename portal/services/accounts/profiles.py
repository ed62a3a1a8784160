"""What people see and change of their own account."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from portal.models import User
from portal.permissions import Person
from portal.services import clean_text
from portal.services.accounts import sessions
from portal.services.accounts.sessions import OpenSession
from portal.services.audit import record

THEMES = ("light", "dark")
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Passkey:
    id: int
    name: str
    added_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Profile:
    """`totp_since` is None without an authenticator app, `recovery_codes` None if there are none at all."""

    name: str
    email: str
    time_zone: str
    theme: str
    unwanted_mails: tuple[str, ...]
    has_password: bool
    has_provider: bool
    totp_since: datetime | None
    passkeys: tuple[Passkey, ...]
    recovery_codes: int | None
    sessions: tuple[OpenSession, ...]

    @property
    def has_second_factor(self) -> bool:
        return self.totp_since is not None or bool(self.passkeys)


def get_profile(*, by: Person, session_key: str) -> Profile:
    user = User.objects.get(pk=by.id)
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    totp = next((each for each in factors if each.type == Authenticator.Type.TOTP), None)
    codes = next((each for each in factors if each.type == Authenticator.Type.RECOVERY_CODES), None)
    return Profile(
        name=user.name,
        email=user.email,
        time_zone=user.time_zone,
        theme=user.theme,
        unwanted_mails=tuple(user.unwanted_mails),
        has_password=user.has_usable_password(),
        has_provider=has_provider(user.pk),
        totp_since=totp.created_at if totp else None,
        passkeys=tuple(
            Passkey(each.pk, each.wrap().name, each.created_at, each.last_used_at)
            for each in factors
            if each.type == Authenticator.Type.WEBAUTHN
        ),
        recovery_codes=len(codes.wrap().get_unused_codes()) if codes else None,
        sessions=tuple(sessions.list_sessions(user.pk, current_key=session_key)),
    )


@transaction.atomic
def change_profile(*, by: Person, name: str, time_zone: str, theme: str, unwanted_mails: Collection[str]) -> None:
    """The time zone is empty for that of the browser, the theme for that of the system."""
    user = User.objects.select_for_update().get(pk=by.id)
    name = clean_text.clean_line(name, most=LONGEST_NAME)
    wanted = {"name": name, "time_zone": time_zone, "theme": theme, "unwanted_mails": sorted(unwanted_mails)}
    before = {field: getattr(user, field) for field in wanted if getattr(user, field) != wanted[field]}
    if before:
        User.objects.filter(pk=user.pk).update(**wanted)
        record.record("profile.changed", by=by, before=before, after={field: wanted[field] for field in before})


def set_theme(theme: str, *, by: Person) -> None:
    """As it is chosen in the menu. Nothing that the audit log is for."""
    User.objects.filter(pk=by.id).update(theme=theme)


def has_password(user_id: int) -> bool:
    return User.objects.get(pk=user_id).has_usable_password()


def has_provider(user_id: int) -> bool:
    """Whether the person has signed in with the OpenID provider."""
    return bool(SocialAccount.objects.filter(user=user_id, provider=settings.OIDC_ISSUER).exists())
