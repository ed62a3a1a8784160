"""How many requests may be sent to MIOSA. Arithmetic over token buckets; `sync/budget.py` takes the tokens."""

import math
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from portal.models import Bucket

# No Retry-After is trusted for longer: a wrong one must not switch the portal off for hours.
LONGEST_BLOCK_S = 120.0
# The part of the installation's bucket that people's reads leave to changes, and background reading to both.
RESERVED_BY_READS = 0.1
RESERVED_BY_BACKGROUND = 0.2
# What nobody waits for is read only while the bucket is fuller than this. It refills at the same rate, so no request is
# lost, and whoever opens a page finds it almost full.
RESERVED_BY_FILL = 0.85
# The part of each minute's requests that this takes for long: MIOSA may count the last minute more strictly than we do.
FILL_PART = 0.95
_ROWS_ON_A_PAGE = 100
_SHORTEST_SWEEP_INTERVAL_S = 60.0
# The part of what background reading may send that the regular sweeps take, and while histories are still unread.
_SWEEP_PART = 1 / 2
_SWEEP_PART_WHILE_FILLING = 1 / 20


@dataclass(frozen=True, slots=True)
class Share:
    """A bucket: how many tokens it holds, how many come back per second, how many are reserved for others."""

    key: str
    capacity: float
    refill: float
    reserved: float = 0.0

    def wait_s(self, bucket: Bucket, *, now: float) -> float:
        """Seconds until there is a token to take, 0 if there is one now. `now` is in seconds since 1970."""
        if is_blocked(bucket, now=now):
            return bucket.blocked_until - now
        return max(0.0, (1 + self.reserved - self.filled(bucket, now=now)) / self.refill)

    def filled(self, bucket: Bucket, *, now: float) -> float:
        """How many tokens there are now."""
        # A clock that was set back takes no tokens away.
        elapsed_s = 0.0 if bucket.at > now + LONGEST_BLOCK_S else max(0.0, now - bucket.at)
        return min(self.capacity, bucket.tokens + elapsed_s * self.refill)


def is_blocked(bucket: Bucket, *, now: float) -> bool:
    return 0 < bucket.blocked_until - now <= LONGEST_BLOCK_S


def get_installation_share(reserved: float = 0.0) -> Share:
    """The bucket that every request takes from. `reserved` is a part of its capacity.

    The last token of a tiny bucket is reserved for nobody, or it could not be taken at all.
    """
    per_minute = float(settings.MIOSA.rpm)
    capacity = max(1.0, per_minute / 4)
    return Share("miosa", capacity=capacity, refill=per_minute / 60, reserved=min(capacity * reserved, capacity - 1))


def background_rate() -> float:
    """Requests per second that background reading can count on."""
    return settings.MIOSA.rpm / 60 * (1 - RESERVED_BY_BACKGROUND)


def sweep_interval(deployments: int, *, is_filling: bool = False) -> timedelta:
    """At most every minute, and never more than half of what background reading may send.

    `is_filling`: histories of some deployments were never read; then these go first.
    """
    pages = math.ceil(max(1, deployments) / _ROWS_ON_A_PAGE)
    part = _SWEEP_PART_WHILE_FILLING if is_filling else _SWEEP_PART
    return timedelta(seconds=max(_SHORTEST_SWEEP_INTERVAL_S, pages / (background_rate() * part)))


def fill_duration(deployments: int) -> timedelta:
    """About how long it takes to read the histories of so many deployments, at one request each."""
    return timedelta(seconds=deployments * 60 / (settings.MIOSA.rpm * FILL_PART))
