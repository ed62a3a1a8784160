"""Heartbeat of the worker: the time of the last one is kept in the shared cache, and as the time of a file."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

KEY = "worker.heartbeat"
EVERY_S = 5.0
KEPT_FOR_S = 24 * 3600


def alive_file() -> Path:
    return Path(settings.VAR_DIR) / "worker.alive"


def touch_alive_file() -> None:
    """For the supervisor on this machine. Works while the database is locked and while the disk is full."""
    with contextlib.suppress(OSError):
        alive_file().touch(mode=0o600)


def beat() -> None:
    cache.set(KEY, time.time(), KEPT_FOR_S)


def age_s() -> float | None:
    """Seconds since the last heartbeat of any worker; None if there was none for a day."""
    beaten_at = cache.get(KEY)
    return None if beaten_at is None else max(0.0, time.time() - float(beaten_at))
