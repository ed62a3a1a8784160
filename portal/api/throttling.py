"""How many requests one person may send, counted over all processes in the shared cache."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from django.core.cache import cache
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

if TYPE_CHECKING:  # DRF imports this module while it defines its views
    from rest_framework.request import Request
    from rest_framework.views import APIView


class Counter:
    """Counts in this process and adds to the shared cache in batches, so that reading rarely writes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._counted: dict[int, int] = {}
        self._over: set[int] = set()

    def is_allowed(self, person_id: int, *, window: int, seconds: int, most: int) -> bool:
        """Count one request. `window` numbers the periods of `seconds`; `most` requests are allowed in each."""
        batch = max(1, min(20, most // 10))
        with self._lock:
            if window != self._window:
                self._window, self._counted, self._over = window, {}, set()
            if person_id in self._over:
                return False
            counted = self._counted[person_id] = self._counted.get(person_id, 0) + 1
        if counted % batch == 0 and add(f"api:requests:{person_id}:{window}", batch, seconds) > most:
            with self._lock:
                self._over.add(person_id)
            return False
        return True


def add(key: str, count: int, seconds: int) -> int:
    """The sum over all processes. The key expires after its window."""
    if cache.add(key, count, 2 * seconds):
        return count
    try:
        return cache.incr(key, count)
    except ValueError:
        return count


counter = Counter()


class PersonThrottle(BaseThrottle):
    """Allows `DEFAULT_THROTTLE_RATES["person"]` requests in each window.

    It counts by person, not by address, which a header could forge.
    """

    def __init__(self) -> None:
        rate = api_settings.DEFAULT_THROTTLE_RATES["person"]
        most, seconds = SimpleRateThrottle.parse_rate(None, rate)  # type: ignore[arg-type]  # it reads the text only
        self.most, self.seconds = most or 0, seconds or 1
        self.now = time.time()

    def allow_request(self, request: Request, view: APIView) -> bool:
        window = int(self.now // self.seconds)
        return counter.is_allowed(request.user.pk or 0, window=window, seconds=self.seconds, most=self.most)

    def wait(self) -> float:
        return self.seconds - self.now % self.seconds
