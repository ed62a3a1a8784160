"""What people watch while it changes (logs, builds): one request for all viewers, as often as the budget allows.

Kept in the cache, since nobody needs it later.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core.cache import cache

from portal import miosa
from portal.services.sync import single_flight, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.limits import WAIT_FOR_OTHERS_S

T = TypeVar("T")

ABSENT = (miosa.NotFound, miosa.Gone, miosa.NotSupported)
_KEPT_S = 3600
# A request that has taken longer belongs to a process that died.
_LONGEST_REQUEST_S = 10
_LONGEST_GAP_S = 16.0
_FINAL_GAP_S = 60.0
_LONGEST_FINAL_GAP_S = 300.0
_GAP_AFTER_FAILURE_S = 10.0
LONGEST_GAP_AFTER_FAILURE_S = 60.0


@dataclass(frozen=True, slots=True)
class Polled(Generic[T]):
    """`value` as of `as_of`, both None if it was never read; requested again from `again_at` on.

    `error`: why there is nothing newer. `is_final`: it was requested when nothing could be added to it any more.
    """

    value: T | None
    as_of: datetime | None
    again_at: datetime
    gap_s: float
    is_final: bool
    error: type[miosa.MiosaError] | None = None

    @property
    def is_absent(self) -> bool:
        return self.error is not None and issubclass(self.error, ABSENT)


def poll(
    name: str, fetch: Callable[[miosa.Client], T], *, customer_id: int, is_final: bool, now: datetime
) -> Polled[T]:
    """The latest value, shared by all viewers of `name`. Raises nothing: after a failure the old value is kept.

    The first request is taken from the customer's share of the budget, later ones from the share for progress.
    """
    key = _get_key(name)
    found: Polled[T] | None = cache.get(key)
    if found is None:
        nothing: Polled[T] = Polled(None, None, now, _get_first_gap_s(), is_final)

        def fetch_first() -> None:
            client = upstream.client(Purpose.READ, customer_id=customer_id)
            cache.set(key, _fetch(nothing, fetch, client, is_final=is_final, now=now), _KEPT_S)

        single_flight.run_once(key, fetch_first, wait_s=WAIT_FOR_OTHERS_S)
        return cache.get(key) or nothing
    if _is_due(found, is_final=is_final, now=now) and cache.add(f"{key}:reading", 1, _LONGEST_REQUEST_S):
        found = _fetch(found, fetch, upstream.client(Purpose.PROGRESS), is_final=is_final, now=now)
        cache.set(key, found, _KEPT_S)
        cache.delete(f"{key}:reading")
    return found


def find(name: str) -> Polled[Any] | None:
    """What was read last, however old."""
    found: Polled[Any] | None = cache.get(_get_key(name))
    return found


def _get_key(name: str) -> str:
    return f"polled:{name}"


def _is_due(found: Polled[T], *, is_final: bool, now: datetime) -> bool:
    waits = timedelta(0) < found.again_at - now <= timedelta(seconds=_LONGEST_FINAL_GAP_S)
    return not waits or (is_final and not found.is_final)


def _fetch(
    before: Polled[T], fetch: Callable[[miosa.Client], T], client: miosa.Client, *, is_final: bool, now: datetime
) -> Polled[T]:
    try:
        value = fetch(client)
    except miosa.MiosaError as error:
        gap_s = LONGEST_GAP_AFTER_FAILURE_S if isinstance(error, ABSENT) else error.retry_after_s
        gap_s = min(max(gap_s or _GAP_AFTER_FAILURE_S, 1.0), LONGEST_GAP_AFTER_FAILURE_S)
        return replace(before, again_at=now + timedelta(seconds=gap_s), is_final=is_final, error=type(error))
    gap_s = _get_gap_s(before, value, is_final=is_final)
    return Polled(value, now, now + timedelta(seconds=gap_s), gap_s, is_final)


def _get_gap_s(before: Polled[T], value: T, *, is_final: bool) -> float:
    """Short after a change, doubled each time nothing changed."""
    first, longest = (_FINAL_GAP_S, _LONGEST_FINAL_GAP_S) if is_final else (_get_first_gap_s(), _LONGEST_GAP_S)
    if before.value != value or before.is_final != is_final:
        return first
    return max(first, min(2 * before.gap_s, longest))


def _get_first_gap_s() -> float:
    """Takes half of the budget for progress at most, so that one log leaves room for others."""
    return max(2.0, 480 / settings.MIOSA.rpm)
