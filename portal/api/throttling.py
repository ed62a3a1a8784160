"""How often one person may ask, counted over all processes in the shared cache."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from django.core.cache import cache
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

if TYPE_CHECKING:  # DRF imports this file while its views are being made
    from rest_framework.request import Request
    from rest_framework.views import APIView


class Tally:
    """Counts in this process, and tells the shared cache of every so many: reading should not write at each request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._counted: dict[int, int] = {}
        self._over: set[int] = set()

    def has_permission(self, person: int, *, window: int, seconds: int, most: int) -> bool:
        batch = max(1, min(20, most // 10))
        with self._lock:
            if window != self._window:
                self._window, self._counted, self._over = window, {}, set()
            if person in self._over:
                return False
            counted = self._counted[person] = self._counted.get(person, 0) + 1
        if counted % batch == 0 and add(f"api:asked:{person}:{window}", batch, seconds) > most:
            with self._lock:
                self._over.add(person)
            return False
        return True


def add(key: str, count: int, seconds: int) -> int:
    """What all processes counted until now. It ends with its window, or a little later."""
    if cache.add(key, count, 2 * seconds):
        return count
    try:
        return cache.incr(key, count)
    except ValueError:
        return count


tally = Tally()


class PersonThrottle(BaseThrottle):
    """So many requests in each window of the clock (`DEFAULT_THROTTLE_RATES["person"]`).

    It counts people, not addresses, so that no header forged on the way makes somebody else of them.
    """

    def __init__(self) -> None:
        rate = api_settings.DEFAULT_THROTTLE_RATES["person"]
        most, seconds = SimpleRateThrottle.parse_rate(None, rate)  # type: ignore[arg-type]  # reads the text alone
        self.most, self.seconds = most or 0, seconds or 1
        self.now = time.time()

    def allow_request(self, request: Request, view: APIView) -> bool:
        window = int(self.now // self.seconds)
        return tally.has_permission(request.user.pk or 0, window=window, seconds=self.seconds, most=self.most)

    def wait(self) -> float:
        return self.seconds - self.now % self.seconds
