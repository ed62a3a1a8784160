"""When a read is sent again, and after what delay. A change never is: the operation that made it decides that."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from portal.miosa.errors import MiosaError, RateLimited

MAX_ATTEMPTS = 3
FIRST_DELAY_S = 0.1
MAX_DELAY_S = 1.0
MAX_OBEYED_RETRY_AFTER_S = 2.0  # a longer Retry-After is passed on to the caller instead


class RetryBudget:
    """Keeps retries below a tenth of requests: each request deposits 0.1 token, a retry takes a whole one."""

    def __init__(self, share: float = 0.1, capacity: float = 5.0, start: float = 3.0) -> None:
        self._share, self._capacity, self._tokens = share, capacity, start
        self._lock = threading.Lock()

    def deposit(self) -> None:
        with self._lock:
            self._tokens = min(self._capacity, self._tokens + self._share)

    def take(self) -> bool:
        """Take a token. False if there is none."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class RetryPolicy:
    """Exponential backoff with full jitter. `Retry-After` wins, if it is short (miosa-api.md 4.3)."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, jitter: Callable[[], float] = random.random
    ) -> None:
        self.budget = RetryBudget()
        self.sleep = sleep
        self._jitter = jitter

    def get_delay_s(self, attempt: int, error: MiosaError, left_s: float) -> float | None:
        """Seconds to wait before attempt number `attempt` (2 is the first retry). None: give up."""
        if attempt > MAX_ATTEMPTS or not error.may_retry:
            return None
        delay_s: float = self._jitter() * min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** (attempt - 2))
        if error.retry_after_s is not None:
            if error.retry_after_s > MAX_OBEYED_RETRY_AFTER_S:
                return None
            delay_s = min(error.retry_after_s + delay_s / 4, MAX_OBEYED_RETRY_AFTER_S)
        elif isinstance(error, RateLimited):
            return None
        return delay_s if delay_s < left_s and self.budget.take() else None
