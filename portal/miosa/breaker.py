"""Stops asking a MIOSA that doesn't answer, and finds out when it does again.

One per process. The lock guards the counting, never a call.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from portal.miosa import errors

THRESHOLD = 5
WINDOW_S = 10.0
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 8.0


class Permit:
    """The leave to make one call. Said nothing to, it counts for nothing."""

    def __init__(self, *, probe: bool) -> None:
        self.probe = probe
        self.went_well: bool | None = None

    def succeed(self) -> None:
        self.went_well = True

    def fail(self) -> None:
        self.went_well = False


class Breaker:
    """Opens after five outages in ten seconds, then lets one probe through at a time, after 2, 4, 8 seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: deque[float] = deque(maxlen=THRESHOLD)
        self._open_until: float | None = None
        self._pause_s = FIRST_PAUSE_S
        self._probing = False

    @property
    def is_open(self) -> bool:
        with self._lock:
            return self._open_until is not None

    @contextmanager
    def permit(self) -> Iterator[Permit]:
        """Raises BreakerOpen, unsent, while the answer would be another failure."""
        permit = self._admit()
        try:
            yield permit
        finally:
            self._settle(permit)

    def _admit(self) -> Permit:
        with self._lock:
            if self._open_until is None:
                return Permit(probe=False)
            left = self._open_until - self._clock()
            if left <= 0 and not self._probing:
                self._probing = True
                return Permit(probe=True)
        raise errors.BreakerOpen("not asked", retry_after_s=max(left, 0.1))

    def _settle(self, permit: Permit) -> None:
        with self._lock:
            if permit.probe:
                self._probing = False
            if permit.went_well and permit.probe:
                self._open_until = None
                self._pause_s = FIRST_PAUSE_S
                self._failures.clear()
            elif permit.went_well is False:
                self._count_failure(permit)

    def _count_failure(self, permit: Permit) -> None:
        now = self._clock()
        if permit.probe:
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
            self._open_until = now + self._pause_s
            return
        self._failures.append(now)
        recent = len(self._failures) == THRESHOLD and now - self._failures[0] <= WINDOW_S
        if recent and self._open_until is None:
            self._open_until = now + self._pause_s
