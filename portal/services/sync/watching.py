"""What people watch while it changes: one reading for all who look, as often as the budget allows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.conf import settings
from django.core.cache import cache

from portal import miosa
from portal.services.sync import single_flight, upstream
from portal.services.sync.budget import Purpose

T = TypeVar("T")

ABSENT = (miosa.NotFound, miosa.Gone, miosa.NotSupported)
_KEPT_S = 3600
_PATIENCE_S = 2.4
# Whoever reads has ended by then, or will never tell.
_READING_S = 10
_LONGEST_GAP_S = 16.0
_FINAL_GAP_S = 60.0
_LONGEST_FINAL_GAP_S = 300.0
_AFTER_FAILURE_S = 10.0
_LONGEST_AFTER_FAILURE_S = 60.0


@dataclass(frozen=True, slots=True)
class Watched(Generic[T]):
    """`value` as of `as_of`, None if it was never had. `trouble`: why nothing newer is; of it is asked from `again_at`.

    `is_final`: it was asked for when nothing was to be added to it any more.
    """

    value: T | None
    as_of: datetime | None
    again_at: datetime
    gap_s: float
    is_final: bool
    trouble: type[miosa.MiosaError] | None = None

    @property
    def is_absent(self) -> bool:
        return self.trouble is not None and issubclass(self.trouble, ABSENT)


def read(name: str, ask: Callable[[miosa.Client], T], *, customer_id: int, is_final: bool, now: datetime) -> Watched[T]:
    """What all who look at `name` share. Raises nothing: after a failure what was there is shown for a while.

    The first look is paid by the customer's share, those that follow by the one for watching.
    """
    key = f"watched:{name}"
    found: Watched[T] | None = cache.get(key)
    if found is None:
        nothing: Watched[T] = Watched(None, None, now, _base_s(), is_final)

        def first() -> None:
            client = upstream.client(Purpose.READ, customer_id=customer_id)
            cache.set(key, _ask(nothing, ask, client, is_final=is_final, now=now), _KEPT_S)

        single_flight.join(key, first, patience_s=_PATIENCE_S)
        return cache.get(key) or nothing
    if _is_due(found, is_final=is_final, now=now) and cache.add(f"{key}:reading", 1, _READING_S):
        found = _ask(found, ask, upstream.client(Purpose.PROGRESS), is_final=is_final, now=now)
        cache.set(key, found, _KEPT_S)
        cache.delete(f"{key}:reading")
    return found


def _is_due(found: Watched[T], *, is_final: bool, now: datetime) -> bool:
    waits = timedelta(0) < found.again_at - now <= timedelta(seconds=_LONGEST_FINAL_GAP_S)
    return not waits or (is_final and not found.is_final)


def _ask(
    before: Watched[T], ask: Callable[[miosa.Client], T], client: miosa.Client, *, is_final: bool, now: datetime
) -> Watched[T]:
    try:
        value = ask(client)
    except miosa.MiosaError as error:
        wait = _LONGEST_AFTER_FAILURE_S if isinstance(error, ABSENT) else error.retry_after_s or _AFTER_FAILURE_S
        again_at = now + timedelta(seconds=min(max(wait, 1.0), _LONGEST_AFTER_FAILURE_S))
        return replace(before, again_at=again_at, is_final=is_final, trouble=type(error))
    gap = _gap_s(before, value, is_final=is_final)
    return Watched(value, now, now + timedelta(seconds=gap), gap, is_final)


def _gap_s(before: Watched[T], value: T, *, is_final: bool) -> float:
    """What changed is asked for soon, what did not ever more seldom."""
    first, longest = (_FINAL_GAP_S, _LONGEST_FINAL_GAP_S) if is_final else (_base_s(), _LONGEST_GAP_S)
    if before.value != value or before.is_final != is_final:
        return first
    return max(first, min(2 * before.gap_s, longest))


def _base_s() -> float:
    """At most half of what all watching may ask (`budget`), so that one log leaves room for others."""
    return max(2.0, 480 / settings.MIOSA.rpm)
