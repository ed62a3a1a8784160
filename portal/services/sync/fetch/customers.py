"""Everything of one customer: a list of its deployments, then the versions that may have changed."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Connection, Customer, Deployment
from portal.models.freshness import FRESH_FOR, SWEEP
from portal.services.connection import WrongTenant
from portal.services.sync.fetch import fleet, tenancy, vanishing, versions
from portal.services.sync.fetch.deployments import ask_singly, read_versions
from portal.services.sync.fetch.lease import Lease, get, lease, note_done, note_failure, want, want_all
from portal.services.sync.upsert import deployments
from portal.services.sync.upsert.deployments import Seen

_MOST_PAGES = 20
_MOST_SINGLES = 10
# A deployment that the customer's list does not bring (another owns it) is asked for no more often than this.
_SINGLY_EVERY = timedelta(seconds=60)


def scope(customer_id: int) -> str:
    return f"customer:{customer_id}"


def read(
    customer: Customer,
    *,
    ask: miosa.Client,
    now: datetime,
    force: bool = False,
    most_pages: int | None = 1,
    listed: Callable[[], None] | None = None,
) -> bool:
    """Read a customer again: its deployments, then versions, as far as `ask` may ask; the rest is left to the worker.

    `listed` is called when the deployments have been read.

    False if somebody else is reading. Raises miosa.MiosaError, WrongTenant, LeaseLost when not even the deployments
    could be read.
    """
    with lease(scope(customer.pk)) as held:
        if held is None:
            return False
        if held.is_late(fresh=timedelta(0) if force else FRESH_FOR, now=now):
            return True
        if customer.is_unassigned:
            _leave_to_sweep(held, force=force, now=now)
            return True
        try:
            seen = _deployments(customer, held, ask=ask, now=now, force=force)
        except (miosa.MiosaError, WrongTenant) as error:
            note_failure(held.scope, code=error.code, retry_at=None, now=now)
            raise
        with held.writing() as row:
            note_done(row, now=now)
        if listed is not None:
            listed()
        _versions(seen, held, ask=ask, now=now, force=force, most_pages=most_pages)
    return True


def _leave_to_sweep(held: Lease, *, force: bool, now: datetime) -> None:
    """What belongs to nobody may be the whole fleet: the sweep alone reads it, and says how old it is."""
    sweep = get(SWEEP)
    every = FRESH_FOR if force else fleet.sweep_every()
    want(SWEEP, at=max(now, sweep.read_at + every) if sweep.read_at else now)
    with held.writing() as row:
        row.wanted_at, row.error, row.failed_at = None, sweep.error, sweep.failed_at


def _deployments(customer: Customer, held: Lease, *, ask: miosa.Client, now: datetime, force: bool) -> list[Seen]:
    seen: dict[int, Seen] = {}
    unreadable: set[str] = set()
    asked_at = timezone.now()
    for count, page in enumerate(ask.deployments.pages(external_workspace_id=customer.external_id), start=1):
        rows = tenancy.admit(page.items)
        with held.writing():
            seen |= {one.deployment.pk: one for one in deployments.remember(rows, now=asked_at)}
        unreadable |= {broken.id for broken in page.unreadable if broken.id}
        if _ignores_filter(customer, rows) or count >= _MOST_PAGES:
            # The filter is not known there, or the customer is larger than one reading: the sweep brings the rest.
            break
        asked_at = timezone.now()
    asked = ask_singly(_unseen(customer, seen, unreadable, now=now, force=force), ask=ask)
    seen |= {one.deployment.pk: one for one in asked.seen}
    if asked.missing:
        vanishing.one_by_one(asked.missing, ask=ask, now=now)
    fleet.look_into(seen.values(), now=now)
    held_ids = set(customer.holdings.values_list("deployment_id", flat=True))
    return [one for pk, one in seen.items() if pk in held_ids]


def _unseen(
    customer: Customer, seen: Iterable[int], unreadable: Iterable[str], *, now: datetime, force: bool
) -> list[Deployment]:
    """Held deployments that the list did not bring.

    Absence from a filtered answer never means gone: each is asked for.
    """
    unseen = Deployment.objects.filter(holdings__customer=customer, gone_at=None)
    if not force:
        # Those it owns should have been there, so that is worth asking at once.
        unseen = unseen.filter(customer=customer, external_id=customer.external_id) | unseen.filter(
            asked_at__lt=now - _SINGLY_EVERY
        )
    return list(
        unseen.exclude(pk__in=list(seen)).exclude(miosa_id__in=unreadable).order_by("asked_at", "pk")[:_MOST_SINGLES]
    )


def _ignores_filter(customer: Customer, rows: list[miosa.Deployment]) -> bool:
    foreign = any(
        isinstance(row.external_workspace_id, str) and row.external_workspace_id not in ("", customer.external_id)
        for row in rows
    )
    if rows:
        Connection.objects.exclude(ignores_filter=foreign).update(ignores_filter=foreign)
    return foreign


def _versions(
    seen: list[Seen], held: Lease, *, ask: miosa.Client, now: datetime, force: bool, most_pages: int | None
) -> None:
    """Trouble is noted for the whole customer: its page shows these versions, and reads no scope but its own."""
    for count, one in enumerate(seen):
        try:
            read_versions(one, ask=ask, now=now, force=force, most_pages=most_pages)
        except miosa.BudgetSpent as error:
            _leave(seen[count:], error, force=force, now=now)
            return
        except miosa.Outage as error:
            _leave(seen[count:], error, force=force, now=now)
            note_failure(held.scope, code=error.code, retry_at=None, now=now)
            return
        except miosa.MiosaError as error:
            # A refusal speaks of this deployment alone.
            _leave([one], error, force=force, now=now)
            note_failure(held.scope, code=error.code, retry_at=None, now=now)


def _leave(rest: Iterable[Seen], error: miosa.MiosaError, *, force: bool, now: datetime) -> None:
    """The deployments are fresh; what else there is to read is left to the worker."""
    due = [one for one in rest if force or one.pointer_moved or versions.is_due(one.deployment, now=now)]
    want_all((versions.scope(one.deployment.pk) for one in due), at=now + timedelta(seconds=error.retry_after_s or 0))
