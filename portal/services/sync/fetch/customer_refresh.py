"""Everything of one customer: a list of its deployments, then the versions that may have changed."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Connection, Customer, Deployment, Freshness
from portal.models.freshness import FRESH_FOR, SWEEP, customer_scope, versions_scope
from portal.services import rates
from portal.services.connection import WrongTenant
from portal.services.sync import scopes
from portal.services.sync.fetch import vanished
from portal.services.sync.fetch.deployment_refresh import (
    are_versions_due,
    fetch_by_id,
    refresh_versions_of,
    request_owners,
)
from portal.services.sync.fetch.session import Session
from portal.services.sync.leases import Lease, take_lease
from portal.services.sync.upsert import deployment_rows
from portal.services.sync.upsert.deployment_rows import StoredDeployment

_MOST_PAGES = 20
_MOST_BY_ID = 10
# A deployment that the customer's list does not bring (another owns it) is requested no more often than this.
_UNLISTED_FRESH = timedelta(seconds=60)


def refresh_customer(
    customer: Customer,
    *,
    client: miosa.Client,
    now: datetime,
    force: bool = False,
    when_listed: Callable[[], None] | None = None,
) -> bool:
    """Read a customer again: its deployments, then the first page of their versions, as far as the budget allows.

    The worker reads the rest. `when_listed` is called when the deployments have been read. False if another process is
    reading. Raises miosa.MiosaError, WrongTenant, LeaseLost if not even the deployments could be read.
    """
    session = Session(client, now, force=force)
    with take_lease(customer_scope(customer.pk)) as lease:
        if lease is None:
            return False
        if lease.is_late(fresh=timedelta(0) if force else FRESH_FOR, now=now):
            return True
        if customer.is_unassigned:
            _leave_to_sweep(session, lease)
            return True
        try:
            stored = _refresh_deployments(session, customer, lease)
        except (miosa.MiosaError, WrongTenant) as error:
            scopes.note_failure(lease.scope, code=error.code, retry_at=None, now=now)
            raise
        if when_listed is not None:
            when_listed()
        _refresh_versions(session, lease, stored)
    return True


def _leave_to_sweep(session: Session, lease: Lease) -> None:
    """What belongs to nobody may be all deployments: only the sweep reads it, and gives its age."""
    sweep = scopes.get_freshness(SWEEP)
    interval = FRESH_FOR if session.force else rates.sweep_interval(sweep.rows_read)
    at = max(session.now, sweep.read_at + interval) if sweep.read_at else session.now
    scopes.request_refresh(SWEEP, at=at)
    with lease.writing() as row:
        row.wanted_at, row.error, row.failed_at = None, sweep.error, sweep.failed_at


def _refresh_deployments(session: Session, customer: Customer, lease: Lease) -> list[StoredDeployment]:
    """The customer's deployments as MIOSA lists them, then by id those that the list should have held."""
    stored: dict[int, StoredDeployment] = {}
    unreadable: set[str] = set()
    unlisted: list[Deployment] = []
    pages = session.client.deployments.pages(external_workspace_id=customer.external_id)
    requested_at = timezone.now()
    for count, page in enumerate(pages, start=1):
        rows = session.tenant.accept_rows(page.items)
        unreadable |= {broken.id for broken in page.unreadable if broken.id}
        # If MIOSA ignores the filter, or the customer is larger than one refresh, the sweep reads the rest.
        is_last = _note_ignored_filter(customer, rows) or page.next is None or count >= _MOST_PAGES
        with lease.writing() as row:
            upserted = deployment_rows.upsert_deployments(rows, now=requested_at)
            stored |= {one.deployment.pk: one for one in upserted}
            if is_last:
                unlisted = _list_unlisted(session, customer, stored, unreadable)
            if is_last and not unlisted:
                _finish(session, lease, row)
        if is_last:
            break
        requested_at = timezone.now()
    if not lease.is_over:
        stored |= _fetch_unlisted(session, unlisted)
        with lease.writing() as row:
            _finish(session, lease, row)
    request_owners(stored.values(), now=session.now)
    return _list_held(customer, stored.values())


def _finish(session: Session, lease: Lease, row: Freshness) -> None:
    scopes.note_success(row, now=session.now)
    lease.end(row)


def _list_unlisted(
    session: Session, customer: Customer, listed: Iterable[int], unreadable: Iterable[str]
) -> list[Deployment]:
    """The customer's deployments that the list did not bring.

    Absence from a filtered answer never means gone: each is requested by its id.
    """
    unlisted = Deployment.objects.filter(holdings__customer=customer, gone_at=None)
    if not session.force:
        # Those it owns should have been there, so they are worth a request at once.
        unlisted = unlisted.filter(customer=customer, external_id=customer.external_id) | unlisted.filter(
            requested_at__lt=session.now - _UNLISTED_FRESH
        )
    rest = unlisted.exclude(pk__in=list(listed)).exclude(miosa_id__in=unreadable)
    return list(rest.order_by("requested_at", "pk")[:_MOST_BY_ID])


def _fetch_unlisted(session: Session, unlisted: list[Deployment]) -> dict[int, StoredDeployment]:
    fetched = fetch_by_id(session, unlisted)
    if fetched.missing:
        vanished.mark_unknown(session, fetched.missing)
    return {one.deployment.pk: one for one in fetched.stored}


def _list_held(customer: Customer, stored: Iterable[StoredDeployment]) -> list[StoredDeployment]:
    """Without other customers' deployments, which the answer holds if MIOSA ignores the filter."""
    found = list(stored)
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


def _refresh_versions(session: Session, lease: Lease, stored: list[StoredDeployment]) -> None:
    """A failure is noted for the whole customer: its page shows these versions, and no age but its own."""
    rows = scopes.list_freshness(versions_scope(one.deployment.pk) for one in stored)
    pairs = [(one, rows[versions_scope(one.deployment.pk)]) for one in stored]
    due = [(one, row) for one, row in pairs if are_versions_due(session, one, row)]
    for count, (one, row) in enumerate(due):
        try:
            refresh_versions_of(session, one, row)
        except miosa.BudgetSpent as error:
            _leave_to_worker(session, [row for _one, row in due[count:]], error)
            return
        except miosa.Outage as error:
            _leave_to_worker(session, [row for _one, row in due[count:]], error)
            scopes.note_failure(lease.scope, code=error.code, retry_at=None, now=session.now)
            return
        except miosa.MiosaError as error:
            # A refusal concerns this deployment alone.
            _leave_to_worker(session, [row], error)
            scopes.note_failure(lease.scope, code=error.code, retry_at=None, now=session.now)


def _leave_to_worker(session: Session, rows: Iterable[Freshness], error: miosa.MiosaError) -> None:
    retry_at = session.now + timedelta(seconds=error.retry_after_s or 0)
    scopes.request_refreshes((row.scope for row in rows), at=retry_at)
