"""How often one person may ask, counted over all processes in the shared cache."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.core.cache import cache
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

if TYPE_CHECKING:  # DRF imports this file while its views are being made
    from rest_framework.request import Request
    from rest_framework.views import APIView


class PersonThrottle(BaseThrottle):
    """So many requests in each window of the clock (`DEFAULT_THROTTLE_RATES["person"]`).

    It counts people, not addresses, so that no header forged on the way makes somebody else of them.
    """

    def __init__(self) -> None:
        rate = api_settings.DEFAULT_THROTTLE_RATES["person"]
        self.most, self.seconds = SimpleRateThrottle.parse_rate(None, rate)  # type: ignore[arg-type]  # reads a text, no self
        self.now = time.time()

    def allow_request(self, request: Request, view: APIView) -> bool:
        if self.most is None or self.seconds is None:
            return True
        key = f"api:asked:{request.user.pk}:{int(self.now // self.seconds)}"
        if cache.add(key, 1, self.seconds):
            return True
        try:
            return cache.incr(key) <= self.most
        except ValueError:
            # It ran out between the two lines.
            return True

    def wait(self) -> float:
        seconds = self.seconds or 1
        return seconds - self.now % seconds
