"""Simulated time: real time plus an offset that `advance` increases."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    def __init__(self, offset_s: float = 0.0) -> None:
        self.offset_s = offset_s

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.offset_s, UTC)

    def advance(self, seconds: float) -> datetime:
        self.offset_s += seconds
        return self.now()


def isoformat(moment: datetime) -> str:
    """ISO 8601 in UTC with a `Z`, as the API writes times (section 1)."""
    return moment.isoformat().replace("+00:00", "Z")
