"""MIOSA's budget: one token bucket for the installation, and smaller ones for those who have a share."""

import time
from enum import StrEnum

from django.conf import settings
from django.db import transaction

from portal import miosa
from portal.models import Bucket, Connection
from portal.services import durability, rates
from portal.services.rates import Share


class Purpose(StrEnum):
    """What a request is for; earlier ones never wait behind later ones."""

    ACTION = "action"
    READ = "read"
    PROGRESS = "progress"
    BACKGROUND = "background"


# The part of the bucket that a purpose leaves to those before it.
_LEAVES = {
    Purpose.ACTION: 0.0,
    Purpose.READ: rates.READS_LEAVE,
    Purpose.PROGRESS: rates.READS_LEAVE,
    Purpose.BACKGROUND: rates.BACKGROUND_LEAVES,
}


def take(purpose: Purpose, *, customer_id: int | None = None, now: float | None = None) -> None:
    """Take one token for one request.

    Raises miosa.BudgetSpent, with the seconds until it is worth trying, and takes none.
    """
    _take(_shares(purpose, customer_id), now=time.time() if now is None else now)


def take_refresh(person_id: int, *, now: float | None = None) -> None:
    """One refresh that a person asked for: ten a minute. Raises miosa.BudgetSpent."""
    _take([Share(f"person:{person_id}", capacity=10, refill=10 / 60)], now=time.time() if now is None else now)


def block(seconds: float, *, now: float | None = None) -> None:
    """MIOSA asked to be left alone (429): nothing is sent for that long, capped."""
    moment = time.time() if now is None else now
    until = moment + min(max(seconds, 1.0), rates.LONGEST_BLOCK_S)
    with transaction.atomic():
        bucket = _row(rates.main_share(), moment)
        if rates.is_blocked(bucket, now=moment):
            until = max(until, bucket.blocked_until)
        bucket.blocked_until, bucket.tokens, bucket.at = until, 0.0, until
        bucket.save(update_fields=["blocked_until", "tokens", "at"])


def wait_s(purpose: Purpose, *, bucket: Bucket | None = None, now: float | None = None) -> float:
    """Seconds until a request of this purpose could go out; 0 if it could now. Takes nothing.

    `bucket`: the installation's, if it has been read already.
    """
    moment = time.time() if now is None else now
    share = rates.main_share(_LEAVES[purpose])
    bucket = bucket or Bucket.objects.filter(key=share.key).first()
    return share.wait_s(bucket, now=moment) if bucket else 0.0


def _shares(purpose: Purpose, customer_id: int | None) -> list[Share]:
    per_minute = float(settings.MIOSA.rpm)
    shares = [rates.main_share(_LEAVES[purpose])]
    if purpose is Purpose.PROGRESS:
        shares.append(Share("progress", capacity=max(1.0, per_minute / 16), refill=per_minute / 60 / 4))
    if purpose is Purpose.READ and customer_id is not None:
        # Full and refilled for a minute it gives a quarter of a minute's requests, never more.
        eighth = per_minute / 8
        shares.append(Share(f"customer:{customer_id}", capacity=max(2.0, eighth), refill=eighth / 60))
    return shares


def _take(shares: list[Share], *, now: float) -> None:
    """All of the buckets or none, in one transaction; rows are locked in the order of their keys."""
    with durability.may_be_lost(), transaction.atomic():
        rows = [(share, _row(share, now)) for share in sorted(shares, key=lambda share: share.key)]
        wait = max(share.wait_s(bucket, now=now) for share, bucket in rows)
        if wait <= 0:
            for share, bucket in rows:
                # Never backwards: of two machines the one whose clock is behind must not win time for the other.
                bucket.tokens, bucket.at = share.tokens(bucket, now=now) - 1, max(now, bucket.at)
                bucket.save(update_fields=["tokens", "at"])
            return
    raise miosa.BudgetSpent(retry_after_s=wait)


def _row(share: Share, now: float) -> Bucket:
    rows = Bucket.objects.select_for_update()
    found = rows.filter(key=share.key).first()
    if found is None:
        made, _ = Bucket.objects.get_or_create(key=share.key, defaults={"tokens": share.capacity, "at": now})
        if share.key == rates.main_share().key:
            Connection.objects.filter(pk=Connection.only().pk).update(bucket=made)
        found = rows.get(key=share.key)
    if found.at > now + rates.LONGEST_BLOCK_S:
        # The clock was set back: count from now on, or nothing would come back until it is then again.
        found.at = now
        found.save(update_fields=["at"])
    return found
