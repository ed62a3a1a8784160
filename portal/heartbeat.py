"""Whether a worker is alive: it leaves the time in the shared cache, and whoever wants to know looks there."""

from __future__ import annotations

import time

from django.core.cache import cache

KEY = "worker.heartbeat"
EVERY_S = 5.0
FORGET_AFTER_S = 24 * 3600


def beat() -> None:
    cache.set(KEY, time.time(), FORGET_AFTER_S)


def age_s() -> float | None:
    """Seconds since the last beat of any worker; None where there was none for a day."""
    beaten_at = cache.get(KEY)
    return None if beaten_at is None else max(0.0, time.time() - float(beaten_at))
