"""One refresh for all: a lease in the database, with a fencing token, over threads and processes."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal.models import Freshness
from portal.services import durability
from portal.services.sync.scopes import get_freshness

LASTS = timedelta(seconds=30)


class LeaseLost(Exception):
    """Another process has the lease by now, or we changed the thing since: what was read must not be stored."""


@dataclass(slots=True)
class Lease:
    """The right to read one scope and to store what was read. `row` is the scope as it was when the lease was taken."""

    scope: str
    token: str
    row: Freshness
    is_over: bool = False

    def is_late(self, *, fresh: timedelta, now: datetime) -> bool:
        """Whether another process read it just before we took the lease; then there is nothing left to do."""
        read_at = self.row.read_at
        if read_at is None or not now - read_at < fresh:
            return False
        Freshness.objects.filter(scope=self.scope).update(wanted_at=None)
        return True

    @contextmanager
    def writing(self) -> Iterator[Freshness]:
        """A transaction that is committed only if the lease still holds; it prolongs the lease. Raises LeaseLost."""
        with durability.lock_wait(durability.STORE_WAIT_MS, at_least=True), transaction.atomic():
            row = Freshness.objects.select_for_update().get(pk=self.row.pk)
            now = timezone.now()
            if row.lease_token != self.token or row.epoch != self.row.epoch or not is_held(row, now=now):
                raise LeaseLost(self.scope)
            row.lease_until = now + LASTS
            yield row
            row.save()
        self.is_over = not row.lease_token

    def end(self, row: Freshness) -> None:
        """Give the lease back with the transaction of `writing`, which `row` comes from."""
        row.lease_token, row.lease_until = "", None


@contextmanager
def take_lease(scope: str, *, row: Freshness | None = None) -> Iterator[Lease | None]:
    """Take the lease of a scope, or give None if another process has it. It ends with the block, or after 30 s.

    Also None if the database takes no writes for 0.2 s, since a page may be waiting. `row`: the scope, if the caller
    has just read it.
    """
    row = row or get_freshness(scope)
    now = timezone.now()
    if is_held(row, now=now):
        yield None
        return
    token = secrets.token_hex(16)
    if not _claim(row, token, now=now):
        yield None
        return
    lease = Lease(scope=scope, token=token, row=row)
    try:
        yield lease
    finally:
        if not lease.is_over:
            Freshness.objects.filter(pk=row.pk, lease_token=token).update(lease_token="", lease_until=None)


def _claim(row: Freshness, token: str, *, now: datetime) -> bool:
    """Only if nobody took the lease, or read the scope, since `row` was read."""
    as_seen = Freshness.objects.filter(
        pk=row.pk, lease_token=row.lease_token, epoch=row.epoch, read_at=row.read_at, lease_until=row.lease_until
    )
    with durability.optional_write("lease"):
        return bool(as_seen.update(lease_token=token, lease_until=now + LASTS))
    return False


def is_held(row: Freshness, *, now: datetime) -> bool:
    """A lease that ends far in the future was taken before a clock was set back, and counts as over."""
    return row.lease_until is not None and now < row.lease_until <= now + 4 * LASTS
