"""One refresh for all: a lease in the database, with a fencing token, over threads and processes."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from portal.models import Freshness

LASTS = timedelta(seconds=30)


class LeaseLost(Exception):
    """Somebody else reads this by now, or we changed it since: what was read must not be written."""


@dataclass(slots=True)
class Lease:
    """The right to read one scope again and to write what was read."""

    scope: str
    token: str
    epoch: int

    @contextmanager
    def writing(self) -> Iterator[Freshness]:
        """A transaction that holds only if the lease does; it makes the lease last longer. Raises LeaseLost."""
        with transaction.atomic():
            row = Freshness.objects.select_for_update().get(scope=self.scope)
            if row.lease_token != self.token or row.epoch != self.epoch:
                raise LeaseLost(self.scope)
            row.lease_until = timezone.now() + LASTS
            yield row
            row.save()


@contextmanager
def lease(scope: str) -> Iterator[Lease | None]:
    """Take the lease of a scope if it is free, else give None. It ends with the block, or by itself after a while."""
    row = get(scope)
    now = timezone.now()
    token = secrets.token_hex(16)
    free = Q(lease_until=None) | Q(lease_until__lt=now) | Q(lease_until__gt=now + 4 * LASTS)
    won = Freshness.objects.filter(free, pk=row.pk).update(lease_token=token, lease_until=now + LASTS)
    if not won:
        yield None
        return
    row.refresh_from_db()
    try:
        yield Lease(scope=scope, token=token, epoch=row.epoch)
    finally:
        Freshness.objects.filter(pk=row.pk, lease_token=token).update(lease_token="", lease_until=None)


def get(scope: str) -> Freshness:
    found = Freshness.objects.filter(scope=scope).first()
    if found is not None:
        return found
    kind, _, pk = scope.partition(":")
    customer_id = int(pk) if kind == "customer" else None
    return Freshness.objects.get_or_create(scope=scope, defaults={"customer_id": customer_id})[0]


def is_held(row: Freshness, *, now: datetime) -> bool:
    return row.lease_until is not None and row.lease_until > now


def note_failure(scope: str, *, code: str, retry_at: datetime | None, now: datetime) -> None:
    """Reading failed; what is remembered stays. It is wanted again from `retry_at` on."""
    Freshness.objects.filter(scope=scope).update(error=code, failed_at=now, wanted_at=retry_at)


def want(scope: str, *, at: datetime) -> None:
    """Somebody looked at this and it was stale: to be read soon. Asked once, however many look."""
    row = get(scope)
    if row.wanted_at is None or row.wanted_at > at:
        Freshness.objects.filter(pk=row.pk).update(wanted_at=at)


def overtake(scope: str) -> None:
    """Our own change, or a webhook: what an older reader brings is not written any more."""
    get(scope)
    Freshness.objects.filter(scope=scope).update(epoch=F("epoch") + 1, lease_token="", lease_until=None, read_at=None)
