"""How old each stored scope is, and when it is to be read again (`portal.models.Freshness`)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q

from portal.models import Freshness
from portal.models.freshness import WATCHED_FOR
from portal.services import durability
from portal.wakeup import notify_worker


def get_freshness(scope: str) -> Freshness:
    """The row of a scope, made if there is none; not stored while the database takes no writes."""
    found = Freshness.objects.filter(scope=scope).first()
    if found is not None:
        return found
    kind, _, pk = scope.partition(":")
    customer_id = int(pk) if kind == "customer" else None
    with durability.optional_write("scope"):
        return Freshness.objects.get_or_create(scope=scope, defaults={"customer_id": customer_id})[0]
    return Freshness(scope=scope, customer_id=customer_id)


def list_freshness(scopes: Iterable[str]) -> dict[str, Freshness]:
    """The rows of scopes other than customers', by scope; made where there are none."""
    wanted = list(dict.fromkeys(scopes))
    found = {row.scope: row for row in Freshness.objects.filter(scope__in=wanted)}
    missing = [scope for scope in wanted if scope not in found]
    if missing:
        Freshness.objects.bulk_create([Freshness(scope=scope) for scope in missing], ignore_conflicts=True)
        found |= {row.scope: row for row in Freshness.objects.filter(scope__in=missing)}
    return found


def request_refresh(scope: str, *, at: datetime) -> None:
    """The worker is to read the scope from `at` on. An earlier request is not put off."""
    later = Q(wanted_at=None) | Q(wanted_at__gt=at)
    if not Freshness.objects.filter(later, scope=scope).update(wanted_at=at):
        get_freshness(scope)
        Freshness.objects.filter(later, scope=scope).update(wanted_at=at)
    notify_worker()


def request_refreshes(scopes: Iterable[str], *, at: datetime) -> None:
    """As `request_refresh`, for many scopes at once."""
    wanted = list(dict.fromkeys(scopes))
    if wanted:
        Freshness.objects.bulk_create([Freshness(scope=scope) for scope in wanted], ignore_conflicts=True)
        Freshness.objects.filter(Q(wanted_at=None) | Q(wanted_at__gt=at), scope__in=wanted).update(wanted_at=at)
        notify_worker()


def watch(scopes: Iterable[str], *, now: datetime) -> None:
    """Somebody looks at a page that shows these, so the worker reads what is requested of them before all else."""
    unwatched = Freshness.objects.filter(scope__in=list(scopes)).exclude(watched_at__gt=now - WATCHED_FOR / 2)
    if unwatched.update(watched_at=now):
        notify_worker()


def note_success(row: Freshness, *, now: datetime) -> None:
    """The scope was read as of `now`; the caller saves the row together with what was read."""
    row.read_at, row.error, row.failed_at, row.wanted_at = now, "", None, None


def note_failure(scope: str, *, code: str, retry_at: datetime | None, now: datetime) -> None:
    """Reading failed; what is stored stays. The worker tries again from `retry_at` on, or only on request if None."""
    Freshness.objects.filter(scope=scope).update(error=code, failed_at=now, wanted_at=retry_at)


def discard_running_reads(scope: str) -> None:
    """We changed the thing, or a webhook reported a change: what was requested before is not stored any more."""
    rows = Freshness.objects.filter(scope=scope)
    changes = {"epoch": F("epoch") + 1, "lease_token": "", "lease_until": None, "read_at": None}
    if not rows.update(**changes):
        get_freshness(scope)
        rows.update(**changes)
