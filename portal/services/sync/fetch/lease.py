"""One refresh for all: a lease in the database, with a fencing token, over threads and processes."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from portal.models import Freshness
from portal.services import durability
from portal.wakeup import notify_worker

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
        """A transaction that is committed only if the lease still holds; prolongs the lease. Raises LeaseLost."""
        with transaction.atomic():
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
def lease(scope: str, *, row: Freshness | None = None) -> Iterator[Lease | None]:
    """Take the lease of a scope, or give None if another process has it. It ends with the block, or after 30 s.

    `row`: the scope, if the caller has just read it.
    """
    row = row or get(scope)
    now = timezone.now()
    if is_held(row, now=now):
        yield None
        return
    token = secrets.token_hex(16)
    as_seen = Freshness.objects.filter(
        pk=row.pk, lease_token=row.lease_token, epoch=row.epoch, read_at=row.read_at, lease_until=row.lease_until
    )
    if not as_seen.update(lease_token=token, lease_until=now + LASTS):
        yield None
        return
    held = Lease(scope=scope, token=token, row=row)
    try:
        yield held
    finally:
        if not held.is_over:
            Freshness.objects.filter(pk=row.pk, lease_token=token).update(lease_token="", lease_until=None)


def get(scope: str) -> Freshness:
    """The row of a scope, made if there is none."""
    found = Freshness.objects.filter(scope=scope).first()
    if found is not None:
        return found
    kind, _, pk = scope.partition(":")
    customer_id = int(pk) if kind == "customer" else None
    return Freshness.objects.get_or_create(scope=scope, defaults={"customer_id": customer_id})[0]


def get_all(scopes: Iterable[str]) -> dict[str, Freshness]:
    """The rows of scopes other than customers', made where there are none."""
    wanted = list(dict.fromkeys(scopes))
    found = {row.scope: row for row in Freshness.objects.filter(scope__in=wanted)}
    missing = [scope for scope in wanted if scope not in found]
    if missing:
        Freshness.objects.bulk_create([Freshness(scope=scope) for scope in missing], ignore_conflicts=True)
        found |= {row.scope: row for row in Freshness.objects.filter(scope__in=missing)}
    return found


def is_held(row: Freshness, *, now: datetime) -> bool:
    """A lease that ends far in the future was taken before a clock was set back, and counts as over."""
    return row.lease_until is not None and now < row.lease_until <= now + 4 * LASTS


def note_failure(scope: str, *, code: str, retry_at: datetime | None, now: datetime) -> None:
    """Reading failed; what is stored stays. The worker tries again from `retry_at` on, or not by itself if None."""
    Freshness.objects.filter(scope=scope).update(error=code, failed_at=now, wanted_at=retry_at)


def want(scope: str, *, at: datetime) -> None:
    """Request a refresh by the worker from `at` on. An earlier request is not put off."""
    later = Q(wanted_at=None) | Q(wanted_at__gt=at)
    if not Freshness.objects.filter(later, scope=scope).update(wanted_at=at):
        get(scope)
        Freshness.objects.filter(later, scope=scope).update(wanted_at=at)
    notify_worker()


def want_softly(scope: str, *, at: datetime) -> None:
    """As `want`, for a page that must not wait. Raises django.db.OperationalError if the database is locked."""
    with durability.short_lock_wait():
        want(scope, at=at)


def want_all(scopes: Iterable[str], *, at: datetime) -> None:
    """As `want`, for many scopes at once."""
    wanted = list(dict.fromkeys(scopes))
    if wanted:
        Freshness.objects.bulk_create([Freshness(scope=scope) for scope in wanted], ignore_conflicts=True)
        Freshness.objects.filter(Q(wanted_at=None) | Q(wanted_at__gt=at), scope__in=wanted).update(wanted_at=at)
        notify_worker()


def note_done(row: Freshness, *, now: datetime) -> None:
    """Reading succeeded; the caller saves the row together with what was read."""
    row.read_at, row.error, row.failed_at, row.wanted_at = now, "", None, None


def overtake(scope: str) -> None:
    """We changed it, or a webhook reported a change: what an earlier reader brings is not stored any more."""
    rows = Freshness.objects.filter(scope=scope)
    changes = {"epoch": F("epoch") + 1, "lease_token": "", "lease_until": None, "read_at": None}
    if not rows.update(**changes):
        get(scope)
        rows.update(**changes)
