"""Deletes old events. A closing event says until which row, with its digest, so that the rest can still be verified."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from portal.models import AuditEvent, AuditHead
from portal.services.audit.record import record

DELETED = "audit.deleted"
# Nobody waits longer than for so many rows, since SQLite has one writer.
_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class OldEvents:
    """Those that may be deleted: from `first` to `until`. `count` is 0 if there are none."""

    first: int
    until: int
    until_digest: str
    newest_at: datetime | None

    @property
    def count(self) -> int:
        return self.until - self.first + 1


def find_old_events(*, now: datetime) -> OldEvents:
    """Older than AUDIT_KEEP_D days. The last event always stays."""
    first = AuditEvent.objects.order_by("number").first()
    limit = now - timedelta(days=settings.AUDIT_KEEP_D)
    kept = AuditEvent.objects.filter(at__gte=limit).order_by("number").values_list("number", flat=True).first()
    head = AuditHead.objects.filter(pk=AuditHead.ID).first()
    if first is None or head is None or not settings.AUDIT_KEEP_D:
        return OldEvents(1, 0, "", None)
    last = AuditEvent.objects.filter(number=(kept or head.number) - 1).first()
    return OldEvents(first.number, last.number, last.digest, last.at) if last else OldEvents(1, 0, "", None)


def delete_events(old: OldEvents) -> None:
    """First the closing event, then the rows, oldest first. Interrupted, it leaves a log that can be verified."""
    after = {"first": old.first, "until": old.until, "until_digest": old.until_digest, "keep_d": settings.AUDIT_KEEP_D}
    record(DELETED, by=None, target=f"{old.first}–{old.until}", after=after)
    for first in range(old.first, old.until + 1, _AT_ONCE):
        last = min(first + _AT_ONCE - 1, old.until)
        with transaction.atomic():
            head = AuditHead.objects.select_for_update().filter(pk=AuditHead.ID)
            head.get()
            head.update(sealed_until=last)
            AuditEvent.objects.filter(number__lte=last)._raw_delete(AuditEvent.objects.db)
            head.update(sealed_until=0)


def forbid_deletion() -> None:
    """It is allowed within `delete_events` alone, unless somebody has written to the database."""
    AuditHead.objects.update(sealed_until=0)
