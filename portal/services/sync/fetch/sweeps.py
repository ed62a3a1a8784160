"""The regular sweeps over all deployments and all workspaces, in the background."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Customer, Deployment, Freshness, Workspace
from portal.models.freshness import SWEEP, WORKSPACES, customer_scope, versions_scope
from portal.services import rates
from portal.services.connection import WrongTenant
from portal.services.sync import scopes
from portal.services.sync.fetch import vanished
from portal.services.sync.fetch.deployment_refresh import fetch_by_id, request_owners
from portal.services.sync.fetch.session import Session
from portal.services.sync.leases import Lease, take_lease
from portal.services.sync.limits import SWEEP_PAUSE_AFTER_FAILURE
from portal.services.sync.upsert import attribution, customer_rows, deployment_rows, live_pointer
from portal.services.sync.upsert.deployment_rows import StoredDeployment

PAGES_PER_RUN = 5
# A sweep begun longer ago than this starts again instead of going on.
_STALE_SWEEP = timedelta(hours=1)
_MOST_BY_ID = 10


def sweep_deployments(*, client: miosa.Client, now: datetime, most_pages: int | None = None) -> bool:
    """Read every deployment of the tenant, unfiltered, in as many runs of `most_pages` as it takes.

    False if another process is at it. Raises miosa.MiosaError, WrongTenant, LeaseLost; the next run goes on from there.
    """
    session = Session(client, now)
    with take_lease(SWEEP) as lease:
        if lease is None:
            return False
        try:
            is_whole = _store_pages(session, lease, most=most_pages)
            if is_whole is not None:
                _finish(session, lease, is_whole=is_whole)
        except (miosa.MiosaError, WrongTenant) as error:
            scopes.note_failure(SWEEP, code=error.code, retry_at=_get_retry_at(error, now=now), now=now)
            raise
    return True


def sweep_workspaces(*, client: miosa.Client, now: datetime) -> bool:
    """Read the customers' names, and who owns deployments without an attribution of their own.

    False if another process is at it. Raises miosa.MiosaError, LeaseLost.
    """
    with take_lease(WORKSPACES) as lease:
        if lease is None:
            return False
        named: set[str] = set()
        try:
            for page in client.workspaces.pages():
                with lease.writing():
                    for workspace in page.items:
                        _store_workspace(workspace, named)
        except miosa.MiosaError as error:
            scopes.note_failure(WORKSPACES, code=error.code, retry_at=None, now=now)
            raise
        with lease.writing() as row:
            scopes.note_success(row, now=now)
            row.is_complete = True
            lease.end(row)
    return True


def _get_retry_at(error: miosa.MiosaError | WrongTenant, *, now: datetime) -> datetime | None:
    """Nothing is tried again by itself with the wrong tenant."""
    if isinstance(error, WrongTenant):
        return None
    return now + (timedelta(seconds=error.retry_after_s) if error.retry_after_s else SWEEP_PAUSE_AFTER_FAILURE)


def _store_pages(session: Session, lease: Lease, *, most: int | None) -> bool | None:
    """Whether the list was read as a whole (and not in a loop); None if there is more to read."""
    for count, (page, requested_at) in enumerate(_list_pages(session, lease), start=1):
        rows = session.tenant.accept_rows(page.items)
        with lease.writing() as row:
            stored = deployment_rows.upsert_deployments(rows, now=requested_at)
            unreadable = [broken.id for broken in page.unreadable if broken.id]
            Deployment.objects.filter(miosa_id__in=unreadable, requested_at__lt=requested_at).update(
                requested_at=requested_at
            )
            row.rows_read = (row.rows_read if row.cursor else 0) + len(page.items)
            row.cursor = page.next or ""
            # A row that can't be read and names no id may be any deployment: none is missing for certain.
            row.is_complete = row.is_complete and len(unreadable) == len(page.unreadable)
        _request_versions(stored, now=session.now)
        if page.next is None:
            return not page.loop
        if most is not None and count >= most:
            # At half of the background's pace, so that other reading gets its turn.
            pause = timedelta(seconds=most / (rates.background_rate() / 2))
            scopes.request_refresh(SWEEP, at=session.now + pause)
            return None
    return None


def _list_pages(session: Session, lease: Lease) -> Iterator[tuple[miosa.Page[miosa.Deployment], datetime]]:
    """Each page with the time it was requested at, from where an earlier run ended."""
    row = lease.row
    token = row.cursor if row.began_at and session.now - row.began_at < _STALE_SWEEP else ""
    if not token:
        _begin(lease)
    tokens: set[str] = set()
    ids: frozenset[str] = frozenset()
    while True:
        requested_at = timezone.now()
        try:
            page = session.client.deployments.list(page_token=token or None)
        except miosa.Invalid:
            if not token or tokens:
                raise
            # The cursor kept from an earlier run is not accepted any more.
            token = _begin(lease)
            continue
        before, ids = ids, frozenset(one.id for one in page.items)
        if page.next is not None and (page.next in tokens or page.next == token or (ids and ids <= before)):
            page = miosa.Page(items=page.items, unreadable=page.unreadable, loop=True)
        yield page, requested_at
        if page.next is None:
            return
        token = page.next
        tokens.add(token)


def _begin(lease: Lease) -> str:
    with lease.writing() as row:
        row.began_at, row.cursor, row.is_complete = timezone.now(), "", True
    return ""


def _request_versions(stored: list[StoredDeployment], *, now: datetime) -> None:
    """The worker is to read the versions of new deployments, and of those that changed, such as by a failed publish."""
    changed = [one for one in stored if one.is_new or one.pointer_moved or one.is_touched]
    for one in changed:
        if one.pointer_moved and not one.is_new:
            live_pointer.show_live_version(one.deployment)
    scopes.request_refreshes((versions_scope(one.deployment.pk) for one in changed), at=now)
    request_owners(stored, now=now)


def _finish(session: Session, lease: Lease, *, is_whole: bool) -> None:
    row = scopes.get_freshness(SWEEP)
    began_at = row.began_at or session.now
    if is_whole:
        _mark_vanished(session, began_at, is_complete=row.is_complete)
    with lease.writing() as row:
        scopes.note_success(row, now=session.now)
        row.is_complete = row.is_complete and is_whole
    if is_whole:
        _mark_customers_read(began_at)


def _mark_vanished(session: Session, began_at: datetime, *, is_complete: bool) -> None:
    """What an unfiltered, whole list does not hold. A few are requested by id: a list may shift while it is read."""
    existing = Deployment.objects.filter(gone_at=None)
    unlisted = list(existing.filter(requested_at__lt=began_at).order_by("requested_at", "pk"))
    known = existing.count()
    if not is_complete:
        unlisted = unlisted[:_MOST_BY_ID]
    if 0 < len(unlisted) <= _MOST_BY_ID and len(unlisted) < known:
        unlisted = fetch_by_id(session, unlisted).missing
    vanished.mark_unlisted(unlisted, known=known, now=session.now)


def _mark_customers_read(now: datetime) -> None:
    """Every customer's deployments have been read with the sweep."""
    new = Customer.objects.filter(freshness=None).values_list("pk", flat=True)
    rows = [Freshness(scope=customer_scope(pk), customer_id=pk) for pk in new]
    Freshness.objects.bulk_create(rows, ignore_conflicts=True)
    older = Freshness.objects.exclude(customer=None).exclude(read_at__gt=now)
    older.update(read_at=now, error="", failed_at=None)


def _store_workspace(workspace: miosa.Workspace, named: set[str]) -> None:
    """`named`: external ids that have their name already; of several workspaces with one, the first names it."""
    stated = attribution.normalize_external_id(workspace.external_workspace_id)
    external_id = stated if isinstance(stated, str) else None
    Workspace.objects.update_or_create(miosa_id=workspace.id, defaults={"external_id": external_id})
    if external_id is not None and external_id not in named:
        named.add(external_id)
        customer_rows.set_name(external_id, name=workspace.name)
