"""How many requests may be sent to MIOSA. Arithmetic over token buckets; `sync/budget.py` takes the tokens."""

import math
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from portal.models import Bucket

# A Retry-After is not believed for longer than this: a wrong one must not switch the portal off for hours.
LONGEST_BLOCK_S = 120.0
# The part of the bucket that people's reads leave for changes, and background reading for both.
READS_LEAVE = 0.1
BACKGROUND_LEAVES = 0.2
_ROWS_ON_A_PAGE = 100
_SHORTEST_SWEEP_INTERVAL_S = 60.0


@dataclass(frozen=True, slots=True)
class Share:
    """A bucket's `key`, its capacity in tokens, the tokens it gets back each second, and how many must stay in it."""

    key: str
    capacity: float
    refill: float
    leaves: float = 0.0

    def tokens(self, bucket: Bucket, *, now: float) -> float:
        """Tokens in the bucket at `now`, in seconds since 1970. A clock that was set back takes none away."""
        return min(self.capacity, bucket.tokens + max(0.0, now - bucket.at) * self.refill)

    def wait_s(self, bucket: Bucket, *, now: float) -> float:
        """Seconds until a token can be taken; 0 if one can be taken now."""
        if is_blocked(bucket, now=now):
            return bucket.blocked_until - now
        missing = 1 + self.leaves - self.tokens(bucket, now=now)
        return max(0.0, missing / self.refill)


def is_blocked(bucket: Bucket, *, now: float) -> bool:
    return 0 < bucket.blocked_until - now <= LONGEST_BLOCK_S


def main_share(leaves: float = 0.0) -> Share:
    """The installation's bucket. `leaves` is a part of its capacity."""
    per_minute = float(settings.MIOSA.rpm)
    capacity = max(1.0, per_minute / 4)
    return Share("miosa", capacity=capacity, refill=per_minute / 60, leaves=capacity * leaves)


def background_rate() -> float:
    """Requests a second that background reading may count on."""
    return settings.MIOSA.rpm / 60 * (1 - BACKGROUND_LEAVES)


def sweep_interval(deployments: int) -> timedelta:
    """At most every minute, and never more than half of what background reading may send."""
    pages = math.ceil(max(1, deployments) / _ROWS_ON_A_PAGE)
    return timedelta(seconds=max(_SHORTEST_SWEEP_INTERVAL_S, pages / (background_rate() / 2)))
