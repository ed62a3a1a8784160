"""What a session knows: when and how its person signed in, when it was last used, when they were last confirmed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

# Keys of the session; times are in seconds since 1970.
SIGNED_IN_AT = "signed_in_at"
CONFIRMED_AT = "confirmed_at"
SEEN_AT = "seen_at"
WAY = "way"

# For so long after signing in, or after confirming who one is, a person may change what is sensitive.
RECENT_S = 300
# Ways of signing in for which a second factor is the duty of somebody else.
FOREIGN_WAYS = frozenset({"oidc", "hand_off"})


def start(session: SessionBase, *, way: str) -> None:
    """`way` is password, passkey, oidc or hand_off."""
    now = time.time()
    session.update({SIGNED_IN_AT: now, CONFIRMED_AT: now, SEEN_AT: now, WAY: way})


def confirm(session: SessionBase) -> None:
    """The person has just proved who they are."""
    session[CONFIRMED_AT] = time.time()


def is_recent(session: Mapping[str, Any] | SessionBase) -> bool:
    return 0 <= time.time() - float(session.get(CONFIRMED_AT, 0)) < RECENT_S


def has_expired(session: SessionBase, *, is_staff: bool) -> bool:
    """Whether it was not used for too long, or is too old. One that doesn't say since when has expired."""
    now = time.time()
    idle = settings.SESSION_IDLE_STAFF if is_staff else settings.SESSION_IDLE_CUSTOMER
    return is_over(session.get(SEEN_AT), idle, now=now) or is_over(
        session.get(SIGNED_IN_AT), settings.SESSION_ABSOLUTE, now=now
    )


def is_over(since: float | None, limit: timedelta, *, now: float) -> bool:
    return since is None or now - since >= limit.total_seconds()
