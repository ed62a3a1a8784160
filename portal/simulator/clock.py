"""Simulated time: real time, moved forward by `advance`."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    def __init__(self, offset_s: float = 0.0) -> None:
        self.offset_s = offset_s

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.offset_s, UTC)

    def advance(self, seconds: float) -> datetime:
        self.offset_s += seconds
        return self.now()


def later(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=seconds)


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
