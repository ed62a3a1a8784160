"""Everything of one customer: a list of its deployments, then the versions that may have changed."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Connection, Customer, Deployment, Freshness
from portal.models.freshness import FRESH_FOR, SWEEP
from portal.services.connection import WrongTenant
from portal.services.sync.fetch import fleet, vanishing, versions
from portal.services.sync.fetch.deployments import ask_singly, is_due, read_versions
from portal.services.sync.fetch.lease import Lease, get, get_all, lease, note_done, note_failure, want, want_all
from portal.services.sync.fetch.session import Session
from portal.services.sync.upsert import deployments
from portal.services.sync.upsert.deployments import Seen

_MOST_PAGES = 20
_MOST_SINGLES = 10
# A deployment that the customer's list does not bring (another owns it) is requested no more often than this.
_SINGLY_EVERY = timedelta(seconds=60)


def scope(customer_id: int) -> str:
    return f"customer:{customer_id}"


def read(
    customer: Customer,
    *,
    ask: miosa.Client,
    now: datetime,
    force: bool = False,
    listed: Callable[[], None] | None = None,
) -> bool:
    """Read a customer again: its deployments, then the first page of their versions, as far as `ask` may ask. The
    worker reads the rest.

    `listed` is called when the deployments have been read. False if another process is reading. Raises
    miosa.MiosaError, WrongTenant, LeaseLost if not even the deployments could be read.
    """
    session = Session(ask, now, force=force)
    with lease(scope(customer.pk)) as held:
        if held is None:
            return False
        if held.is_late(fresh=timedelta(0) if force else FRESH_FOR, now=now):
            return True
        if customer.is_unassigned:
            _leave_to_sweep(session, held)
            return True
        try:
            seen = _read_deployments(session, customer, held)
        except (miosa.MiosaError, WrongTenant) as error:
            note_failure(held.scope, code=error.code, retry_at=None, now=now)
            raise
        if listed is not None:
            listed()
        _read_versions(session, held, seen)
    return True


def _leave_to_sweep(session: Session, held: Lease) -> None:
    """What belongs to nobody may be all deployments: only the sweep reads it, and gives its age."""
    sweep = get(SWEEP)
    every = FRESH_FOR if session.force else fleet.sweep_every()
    want(SWEEP, at=max(session.now, sweep.read_at + every) if sweep.read_at else session.now)
    with held.writing() as row:
        row.wanted_at, row.error, row.failed_at = None, sweep.error, sweep.failed_at


def _read_deployments(session: Session, customer: Customer, held: Lease) -> list[Seen]:
    """The customer's deployments as MIOSA lists them, then one by one those that the list should have held."""
    seen: dict[int, Seen] = {}
    unreadable: set[str] = set()
    unlisted: list[Deployment] = []
    asked_at = timezone.now()
    for count, page in enumerate(session.client.deployments.pages(external_workspace_id=customer.external_id), start=1):
        rows = session.accept(page.items)
        unreadable |= {broken.id for broken in page.unreadable if broken.id}
        # If MIOSA ignores the filter, or the customer is larger than one refresh, the sweep reads the rest.
        is_last = _note_ignored_filter(customer, rows) or page.next is None or count >= _MOST_PAGES
        with held.writing() as row:
            seen |= {one.deployment.pk: one for one in deployments.remember(rows, now=asked_at)}
            if is_last:
                unlisted = _list_unlisted(session, customer, seen, unreadable)
            if is_last and not unlisted:
                _finish(session, held, row)
        if is_last:
            break
        asked_at = timezone.now()
    if not held.is_over:
        seen |= _read_unlisted(session, unlisted)
        with held.writing() as row:
            _finish(session, held, row)
    fleet.look_into(seen.values(), now=session.now)
    return _list_held(customer, seen.values())


def _finish(session: Session, held: Lease, row: Freshness) -> None:
    note_done(row, now=session.now)
    held.end(row)


def _list_unlisted(
    session: Session, customer: Customer, seen: Iterable[int], unreadable: Iterable[str]
) -> list[Deployment]:
    """The customer's deployments that the list did not bring.

    Absence from a filtered answer never means gone: each is requested by its id.
    """
    unlisted = Deployment.objects.filter(holdings__customer=customer, gone_at=None)
    if not session.force:
        # Those it owns should have been there, so they are worth a request at once.
        unlisted = unlisted.filter(customer=customer, external_id=customer.external_id) | unlisted.filter(
            asked_at__lt=session.now - _SINGLY_EVERY
        )
    rest = unlisted.exclude(pk__in=list(seen)).exclude(miosa_id__in=unreadable)
    return list(rest.order_by("asked_at", "pk")[:_MOST_SINGLES])


def _read_unlisted(session: Session, unlisted: list[Deployment]) -> dict[int, Seen]:
    asked = ask_singly(session, unlisted)
    if asked.missing:
        vanishing.one_by_one(session, asked.missing)
    return {one.deployment.pk: one for one in asked.seen}


def _list_held(customer: Customer, seen: Iterable[Seen]) -> list[Seen]:
    """Without other customers' deployments, which the answer holds if MIOSA ignores the filter."""
    found = list(seen)
    if all(one.deployment.customer_id == customer.pk for one in found):
        return found
    held_ids = set(customer.holdings.values_list("deployment_id", flat=True))
    return [one for one in found if one.deployment.pk in held_ids]


def _note_ignored_filter(customer: Customer, rows: list[miosa.Deployment]) -> bool:
    """Whether rows of other customers came with a filtered answer (docs/rules.md, 1)."""
    foreign = any(
        isinstance(row.external_workspace_id, str) and row.external_workspace_id not in ("", customer.external_id)
        for row in rows
    )
    if rows and customer.connection.ignores_filter != foreign:
        Connection.objects.filter(pk=customer.connection_id).update(ignores_filter=foreign)
    return foreign


def _read_versions(session: Session, held: Lease, seen: list[Seen]) -> None:
    """A failure is noted for the whole customer, since its page shows these versions and its own age alone."""
    rows = get_all(versions.scope(one.deployment.pk) for one in seen)
    due = [one for one in seen if is_due(session, one, rows[versions.scope(one.deployment.pk)])]
    for count, one in enumerate(due):
        try:
            read_versions(session, one, rows[versions.scope(one.deployment.pk)])
        except miosa.BudgetSpent as error:
            _leave(session, due[count:], error)
            return
        except miosa.Outage as error:
            _leave(session, due[count:], error)
            note_failure(held.scope, code=error.code, retry_at=None, now=session.now)
            return
        except miosa.MiosaError as error:
            # A refusal concerns this deployment alone.
            _leave(session, [one], error)
            note_failure(held.scope, code=error.code, retry_at=None, now=session.now)


def _leave(session: Session, rest: Iterable[Seen], error: miosa.MiosaError) -> None:
    """The deployments are fresh; their versions are left to the worker."""
    retry_at = session.now + timedelta(seconds=error.retry_after_s or 0)
    want_all((versions.scope(one.deployment.pk) for one in rest), at=retry_at)
