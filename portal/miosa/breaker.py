"""A circuit breaker: stops sending to a MIOSA that doesn't answer, and finds out when it does again.

There is one for each process. Its lock guards the counting, never a request.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from portal.miosa.errors import BadAnswer, BreakerOpen, DeadlineExceeded, MiosaError, Refused

THRESHOLD = 5  # outages
WINDOW_S = 10.0
FIRST_PAUSE_S = 2.0
MAX_PAUSE_S = 8.0


class Permit:
    """Permission to send one request. It counts for nothing until its result is recorded."""

    def __init__(self, *, is_probe: bool) -> None:
        self.is_probe = is_probe
        self.succeeded: bool | None = None

    def record(self, error: MiosaError | None) -> None:
        """A refusal or an unreadable answer is a success: MIOSA answers. A local deadline is neither."""
        if error is None or isinstance(error, Refused | BadAnswer):
            self.succeeded = True
        elif not (isinstance(error, DeadlineExceeded) and error.is_local):
            self.succeeded = False


class Breaker:
    """Opens after five outages in ten seconds, then permits one probe at a time, after 2, 4, 8 seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: deque[float] = deque(maxlen=THRESHOLD)
        self._open_until: float | None = None
        self._pause_s = FIRST_PAUSE_S
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        with self._lock:
            return self._open_until is not None

    @contextmanager
    def permit(self) -> Iterator[Permit]:
        """Raises BreakerOpen, with nothing sent, while another outage is to be expected."""
        with self._lock:
            permit = Permit(is_probe=self._open_until is not None)
            if self._open_until is not None:
                left_s = self._open_until - self._clock()
                if left_s > 0 or self._is_probing:
                    raise BreakerOpen("not sent", retry_after_s=max(left_s, 0.1))
                self._is_probing = True
        try:
            yield permit
        finally:
            self._count(permit)

    def _count(self, permit: Permit) -> None:
        with self._lock:
            if permit.is_probe:
                self._is_probing = False
            if permit.succeeded and permit.is_probe:
                self._open_until = None
                self._pause_s = FIRST_PAUSE_S
                self._failures.clear()
            elif permit.succeeded is False:
                self._count_failure(permit)

    def _count_failure(self, permit: Permit) -> None:
        now = self._clock()
        if permit.is_probe:
            self._pause_s = min(self._pause_s * 2, MAX_PAUSE_S)
            self._open_until = now + self._pause_s
            return
        self._failures.append(now)
        is_outage = len(self._failures) == THRESHOLD and now - self._failures[0] <= WINDOW_S
        if is_outage and self._open_until is None:
            self._open_until = now + self._pause_s
