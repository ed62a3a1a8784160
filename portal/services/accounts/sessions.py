"""Open sessions of people: where they are, when they were last used, and ending them.

allauth's `UserSession` has a row for each session. Ending one deletes the session itself, so that its next request is
nobody's, in every process.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from portal.models import User
from portal.permissions import Person
from portal.services.accounts.browsers import describe_browser
from portal.services.audit import record
from portal.services.errors import NotFound

# Of a request whose address is not known, as over a Unix socket.
_UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  # nothing listens on it
_LONGEST_USER_AGENT = 200


@dataclass(frozen=True, slots=True)
class OpenSession:
    """`browser` is in words. `address` is empty if it is not known."""

    id: int
    browser: str
    address: str
    started_at: datetime
    last_used_at: datetime
    is_current: bool


def note_use(session_key: str, user: User, *, address: str, user_agent: str) -> None:
    """That the session is in use now. `user.last_seen_at` follows."""
    now = timezone.now()
    facts = {"user": user, "ip": _parse_address(address), "user_agent": user_agent[:_LONGEST_USER_AGENT]}
    UserSession.objects.update_or_create(session_key=session_key, defaults={**facts, "last_seen_at": now})
    User.objects.filter(pk=user.pk).update(last_seen_at=now)


def list_sessions(user_id: int, *, current_key: str = "") -> list[OpenSession]:
    """The one last used first."""
    rows = UserSession.objects.filter(user=user_id).order_by("-last_seen_at", "-pk")
    open_keys = set(
        Session.objects.filter(
            session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    return [
        OpenSession(
            id=row.pk,
            browser=describe_browser(row.user_agent),
            address="" if row.ip == _UNKNOWN_ADDRESS else row.ip,
            started_at=row.created_at,
            last_used_at=row.last_seen_at,
            is_current=row.session_key == current_key,
        )
        for row in rows
        if row.session_key in open_keys
    ]


@transaction.atomic
def end_session(session_id: int, *, user_id: int, by: Person) -> None:
    """For oneself, and for operators. Raises NotFound, also without the permission."""
    row = UserSession.objects.select_related("user").filter(pk=session_id, user=user_id).first()
    if row is None or not (by.id == user_id or by.is_operator):
        raise NotFound
    _end([row.session_key])
    record.record("session.ended", by=by, target=f"{row.user}: {describe_browser(row.user_agent)}")


@transaction.atomic
def end_other_sessions(*, current_key: str, by: Person) -> int:
    """All of one's own but the one with this key. Returns how many."""
    keys = _list_keys(by.id, but=current_key)
    _end(keys)
    record.record("session.ended", by=by, target=f"{User.objects.get(pk=by.id)}: all other sessions")
    return len(keys)


def end_all(user_id: int, *, but: str = "") -> int:
    """As a consequence of something else, which is recorded by whoever calls it. Returns how many."""
    keys = _list_keys(user_id, but=but)
    _end(keys)
    return len(keys)


def forget(session_key: str) -> None:
    """A session that has ended by itself, by signing out."""
    UserSession.objects.filter(session_key=session_key).delete()


def delete_ended_rows() -> int:
    """Rows of sessions that have expired."""
    ended = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    return int(ended.delete()[0])


def _list_keys(user_id: int, *, but: str) -> list[str]:
    return list(UserSession.objects.filter(user=user_id).exclude(session_key=but).values_list("session_key", flat=True))


def _end(keys: Collection[str]) -> None:
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()


def _parse_address(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return _UNKNOWN_ADDRESS
