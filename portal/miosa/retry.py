"""When a GET is asked again, and how long to wait before. A mutation never is: the journal repeats it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from portal.miosa import errors

MOST_ATTEMPTS = 3
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
LONGEST_OBEYED_S = 2.0


class Allowance:
    """Keeps retries below a tenth of first tries: each of these puts 0.1 coin into a purse, a retry takes 1."""

    def __init__(self, share: float = 0.1, most: float = 5.0, start: float = 3.0) -> None:
        self._share, self._most, self._coins = share, most, start
        self._lock = threading.Lock()

    def earn(self) -> None:
        with self._lock:
            self._coins = min(self._most, self._coins + self._share)

    def spend(self) -> bool:
        with self._lock:
            if self._coins < 1:
                return False
            self._coins -= 1
            return True


class Retries:
    def __init__(
        self,
        allowance: Allowance | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.allowance = allowance or Allowance()
        self.sleep = sleep
        self._jitter = jitter

    def pause_before(self, attempt: int, error: errors.MiosaError, left_s: float) -> float | None:
        """Seconds to wait before attempt number `attempt`; None to give up."""
        if attempt > MOST_ATTEMPTS or not error.may_retry:
            return None
        pause: float = self._jitter() * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 2))
        if error.retry_after_s is not None:
            if error.retry_after_s > LONGEST_OBEYED_S:
                return None
            pause = min(error.retry_after_s + pause / 4, LONGEST_OBEYED_S)
        elif isinstance(error, errors.RateLimited):
            return None
        if pause >= left_s or not self.allowance.spend():
            return None
        return pause
