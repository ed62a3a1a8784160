"""The budget of requests to MIOSA: one token bucket for the installation, and smaller ones for those with a share."""

import hashlib
import time
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest, Least

from portal import miosa
from portal.models import Bucket, Connection
from portal.services import durability, rates
from portal.services.rates import Share


class Purpose(StrEnum):
    """What a request is for; earlier ones never wait for later ones."""

    ACTION = "action"
    READ = "read"
    PROGRESS = "progress"
    BACKGROUND = "background"
    FILL = "fill"


# Keys of the buckets of IP addresses, which are full again long before they are deleted.
_VISITS = "visits:"
_FORGET_VISITS_AFTER_S = 3600.0
# The part of the installation's bucket that a purpose leaves to those before it.
_RESERVED = {
    Purpose.ACTION: 0.0,
    Purpose.READ: rates.RESERVED_BY_READS,
    Purpose.PROGRESS: rates.RESERVED_BY_READS,
    Purpose.BACKGROUND: rates.RESERVED_BY_BACKGROUND,
    Purpose.FILL: rates.RESERVED_BY_FILL,
}


def take(purpose: Purpose, *, customer_id: int | None = None, now: float | None = None) -> None:
    """Take one token for one request, in people's reads also from the customer's share.

    Raises miosa.BudgetSpent, with the seconds after which it is worth trying, and takes none.
    """
    take_shares(_list_shares(purpose, customer_id), now=time.time() if now is None else now)


def take_refresh(person_id: int, *, now: float | None = None) -> None:
    """One refresh requested by a person: ten a minute. Raises miosa.BudgetSpent."""
    take_shares([Share(f"person:{person_id}", capacity=10.0, refill=10 / 60)], now=time.time() if now is None else now)


def take_visit(address: str, *, now: float) -> None:
    """One opening of a share link from an IP address: sixty at once, then one a second. Raises miosa.BudgetSpent."""
    digest = hashlib.sha256(address.encode()).hexdigest()[:16]
    Bucket.objects.filter(key__startswith=_VISITS, at__lt=now - _FORGET_VISITS_AFTER_S).delete()
    take_shares([Share(f"{_VISITS}{digest}", capacity=60.0, refill=1.0)], now=now)


def block(seconds: float, *, now: float | None = None) -> None:
    """MIOSA answered 429: send nothing for `seconds`, but never longer than two minutes."""
    moment = time.time() if now is None else now
    until = moment + min(max(seconds, 1.0), rates.LONGEST_BLOCK_S)
    installation = rates.get_installation_share()
    _ensure_bucket(installation, now=moment)
    with transaction.atomic():
        bucket = Bucket.objects.select_for_update().get(key=installation.key)
        if rates.is_blocked(bucket, now=moment):
            until = max(until, bucket.blocked_until)
        bucket.blocked_until, bucket.tokens, bucket.at = until, 0.0, until
        bucket.save(update_fields=["blocked_until", "tokens", "at"])


def wait_s(purpose: Purpose, *, bucket: Bucket | None = None, now: float | None = None) -> float:
    """Seconds until a request for this purpose may be sent; 0 if it may be sent now. Takes nothing.

    `bucket`: the installation's, if the caller has already read it.
    """
    moment = time.time() if now is None else now
    share = rates.get_installation_share(_RESERVED[purpose])
    bucket = bucket or Bucket.objects.filter(key=share.key).first()
    return share.wait_s(bucket, now=moment) if bucket else 0.0


def _list_shares(purpose: Purpose, customer_id: int | None) -> list[Share]:
    """The narrower share first, since it is the one that is spent more often."""
    per_minute = float(settings.MIOSA.rpm)
    shares = [rates.get_installation_share(_RESERVED[purpose])]
    if purpose is Purpose.PROGRESS:
        shares.insert(0, Share("progress", capacity=max(1.0, per_minute / 16), refill=per_minute / 60 / 4))
    if purpose is Purpose.FILL:
        # Little is saved up, so that it goes on at the same pace after a pause.
        refill = per_minute / 60 * rates.FILL_PART
        shares.insert(0, Share("fill", capacity=max(1.0, 1.5 * refill), refill=refill))
    if purpose is Purpose.READ and customer_id is not None:
        # Full at the start and refilled for a minute, it gives a quarter of a minute's requests at most.
        eighth = per_minute / 8
        shares.insert(0, Share(f"customer:{customer_id}", capacity=max(2.0, eighth), refill=eighth / 60))
    return shares


def take_shares(shares: list[Share], *, now: float) -> None:
    """One token from each of the buckets, or from none. Raises miosa.BudgetSpent."""
    with durability.relaxed_durability():
        for number, share in enumerate(shares):
            if not _take_one(share, now=now):
                Bucket.objects.filter(key__in=[one.key for one in shares[:number]]).update(tokens=F("tokens") + 1)
                raise miosa.BudgetSpent(retry_after_s=_longest_wait_s(shares, now=now))


def _take_one(share: Share, *, now: float) -> bool:
    """Refill and take one in a single conditional update, so that all processes share the bucket."""
    if _update(share, now=now):
        return True
    # The clock was set back: count from now on, or nothing would come back until the time it showed before.
    Bucket.objects.filter(key=share.key, at__gt=now + rates.LONGEST_BLOCK_S).update(at=now)
    _ensure_bucket(share, now=now)
    return _update(share, now=now)


def _update(share: Share, *, now: float) -> bool:
    is_from_future = Q(at__gt=now + rates.LONGEST_BLOCK_S)
    # A clock that was set back takes no tokens away.
    elapsed_s = Case(When(is_from_future, then=Value(0.0)), default=Greatest(now - F("at"), Value(0.0)))
    filled = Least(F("tokens") + elapsed_s * share.refill, Value(share.capacity))
    # Never backwards: of two machines, the one whose clock is behind must not gain time for the other.
    at = Case(When(is_from_future, then=Value(now)), default=Greatest(F("at"), Value(now)))
    is_blocked = Q(blocked_until__gt=now, blocked_until__lte=now + rates.LONGEST_BLOCK_S)
    enough = Bucket.objects.exclude(is_blocked).filter(key=share.key).annotate(filled=filled)
    return bool(enough.filter(filled__gte=1 + share.reserved).update(tokens=filled - 1.0, at=at))


def _ensure_bucket(share: Share, *, now: float) -> None:
    """Make the bucket, full, unless it exists."""
    bucket, is_new = Bucket.objects.get_or_create(key=share.key, defaults={"tokens": share.capacity, "at": now})
    if is_new and share.key == rates.get_installation_share().key:
        Connection.objects.filter(pk=Connection.only().pk).update(bucket=bucket)


def _longest_wait_s(shares: list[Share], *, now: float) -> float:
    buckets = {bucket.key: bucket for bucket in Bucket.objects.filter(key__in=[share.key for share in shares])}
    return max(share.wait_s(buckets[share.key], now=now) for share in shares if share.key in buckets)
