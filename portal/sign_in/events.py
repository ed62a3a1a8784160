"""What follows from signing in and out, and from changes of passwords and second factors: sessions, mails, audit log.

Receivers of the signals of Django and allauth; `PortalConfig.ready` imports this module.
"""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth_signals
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from portal.client_address import get_client_address
from portal.models import User
from portal.services.accounts import security, sessions
from portal.sign_in import session_facts


@receiver(auth_signals.user_logged_in)
def start_session(sender: Any, request: HttpRequest, user: User, **_details: Any) -> None:
    """Whoever signs somebody in some other way sets `way` afterwards."""
    session_facts.start(request.session, way=find_way(request, user))
    if request.session.session_key is None:  # it has replaced somebody else's, and gets its id when it is saved
        request.session.save()
    sessions.note_use(
        request.session.session_key or "",
        user,
        address=get_client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
    )


def find_way(request: HttpRequest, user: User) -> str:
    records = get_authentication_records(request, user)
    if any(record["method"] == "socialaccount" for record in records):
        return "oidc"
    return "passkey" if any(record.get("passwordless") for record in records) else "password"


@receiver(auth_signals.user_logged_out)
def end_session(sender: Any, request: HttpRequest, user: User | None, **_details: Any) -> None:
    if user is not None:
        sessions.forget(request.session.session_key or "")
        security.record_change("sign_in.ended", user)


@receiver(account_signals.authentication_step_completed)
def confirm(sender: Any, request: HttpRequest, user: User, **details: Any) -> None:
    if details.get("reauthenticated"):
        session_facts.confirm(request.session)
        security.record_change("sign_in.confirmed", user, way=details.get("type") or details["method"])


@receiver(account_signals.password_changed)
def end_other_sessions(sender: Any, request: HttpRequest, user: User, **_details: Any) -> None:
    """This one stays, with a new id."""
    with transaction.atomic():
        sessions.note_use(
            request.session.session_key or "",
            user,
            address=get_client_address(request),
            user_agent=request.headers.get("User-Agent", ""),
        )
        sessions.end_all(user.pk, but=request.session.session_key or "")
        security.record_change("password.changed", user)
        security.report_change(user, "password_changed")


@receiver(account_signals.password_reset)
def end_all_sessions(sender: Any, request: HttpRequest, user: User, **_details: Any) -> None:
    with transaction.atomic():
        sessions.end_all(user.pk)
        security.record_change("password.reset", user)
        security.report_change(user, "password_changed")


@receiver(post_save, sender=Authenticator)
def report_added(sender: Any, instance: Authenticator, created: bool, **_details: Any) -> None:
    """In the transaction of the change, which allauth's own signal is not."""
    if not created:
        return
    if instance.type == Authenticator.Type.RECOVERY_CODES:
        security.record_change("recovery_codes.made", instance.user)
    else:
        security.record_change("second_factor.added", instance.user, type=instance.type)
        security.report_change(instance.user, "second_factor_added")


@receiver(mfa_signals.authenticator_reset)
def report_new_codes(sender: Any, user: User, **_details: Any) -> None:
    security.report_change(user, "recovery_codes_made")


@receiver(mfa_signals.authenticator_removed)
def report_removed(sender: Any, user: User, authenticator: Authenticator, **_details: Any) -> None:
    """Recovery codes go with the last second factor, which is reported alone."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        security.record_change("second_factor.removed", user, type=authenticator.type)
        security.report_change(user, "second_factor_removed")


@receiver(mfa_signals.authenticator_used)
def report_used_code(sender: Any, user: User, authenticator: Authenticator, **_details: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        security.record_change("recovery_code.used", user)
        security.report_change(user, "recovery_code_used")
