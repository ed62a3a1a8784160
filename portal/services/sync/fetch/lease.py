"""One refresh for all: a lease in the database, with a fencing token, over threads and processes."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from portal.models import Freshness
from portal.wakeup import notify_worker

LASTS = timedelta(seconds=30)
_SHORT_MS = 200


class LeaseLost(Exception):
    """Somebody else reads this by now, or we changed it since: what was read must not be written."""


@dataclass(slots=True)
class Lease:
    """The right to read one scope again and to write what was read. `read_at`: when somebody last did, as it began."""

    scope: str
    token: str
    epoch: int
    read_at: datetime | None = None

    def is_late(self, *, fresh: timedelta, now: datetime) -> bool:
        """Whether somebody else has read it while we were on our way; then there is nothing left to be done."""
        if self.read_at is None or not now - self.read_at < fresh:
            return False
        Freshness.objects.filter(scope=self.scope).update(wanted_at=None)
        return True

    @contextmanager
    def writing(self) -> Iterator[Freshness]:
        """A transaction that holds only if the lease does; it makes the lease last longer. Raises LeaseLost."""
        with transaction.atomic():
            row = Freshness.objects.select_for_update().get(scope=self.scope)
            now = timezone.now()
            if row.lease_token != self.token or row.epoch != self.epoch or not is_held(row, now=now):
                raise LeaseLost(self.scope)
            row.lease_until = now + LASTS
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
        yield Lease(scope=scope, token=token, epoch=row.epoch, read_at=row.read_at)
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
    """To be read soon. Asked once, however many ask; who asked earlier is not put off."""
    later = Q(wanted_at=None) | Q(wanted_at__gt=at)
    if not Freshness.objects.filter(later, scope=scope).update(wanted_at=at):
        get(scope)
        Freshness.objects.filter(later, scope=scope).update(wanted_at=at)
    notify_worker()


def want_softly(scope: str, *, at: datetime) -> None:
    """As `want`, but rather not than after a long wait. Raises django.db.OperationalError if others write for long."""
    with _impatience():
        want(scope, at=at)


def want_all(scopes: Iterable[str], *, at: datetime) -> None:
    """As `want`, for many at once."""
    wanted = list(dict.fromkeys(scopes))
    if wanted:
        Freshness.objects.bulk_create([Freshness(scope=scope) for scope in wanted], ignore_conflicts=True)
        Freshness.objects.filter(Q(wanted_at=None) | Q(wanted_at__gt=at), scope__in=wanted).update(wanted_at=at)
        notify_worker()


def note_done(row: Freshness, *, now: datetime) -> None:
    """Reading went well; the caller saves the row with what was read."""
    row.read_at, row.error, row.failed_at, row.wanted_at = now, "", None, None


def overtake(scope: str) -> None:
    """Our own change, or a webhook: what an older reader brings is not written any more."""
    get(scope)
    Freshness.objects.filter(scope=scope).update(epoch=F("epoch") + 1, lease_token="", lease_until=None, read_at=None)


@contextmanager
def _impatience() -> Iterator[None]:
    """Waits for SQLite's one writer are short inside. PostgreSQL locks rows, and this one only for a moment."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    raw = connection.connection
    (usual,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute(f"PRAGMA busy_timeout = {_SHORT_MS}")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout = {int(usual)}")
