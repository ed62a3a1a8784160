"""All deployments and all workspaces, in the background."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Customer, Deployment, Freshness, Workspace
from portal.models.freshness import SWEEP, deployment_scope
from portal.services import rates
from portal.services.connection import WrongTenant
from portal.services.sync.fetch import deployments as refreshing
from portal.services.sync.fetch import vanishing, versions
from portal.services.sync.fetch.lease import Lease, get, lease, note_done, note_failure, want, want_all
from portal.services.sync.fetch.session import Session
from portal.services.sync.upsert import attribution, customers, deployments, pointers
from portal.services.sync.upsert.deployments import Seen

WORKSPACES = "workspaces"
WORKSPACES_EVERY = timedelta(minutes=10)
# A sweep begun longer ago than this is begun anew rather than gone on with.
_STALE_SWEEP = timedelta(hours=1)
PAGES_AT_ONCE = 5
_MOST_ASKED = 10


def sweep_every() -> timedelta:
    """At most every minute, and never more than half of what background reading may ask."""
    return rates.sweep_interval(get(SWEEP).rows_read)


def sweep(*, ask: miosa.Client, now: datetime, most_pages: int | None = None) -> bool:
    """Read every deployment of the tenant, unfiltered, in as many runs of `most_pages` as it takes.

    False if somebody else is at it. Raises miosa.MiosaError, WrongTenant, LeaseLost; the next run goes on from there.
    """
    session = Session(ask, now)
    with lease(SWEEP) as held:
        if held is None:
            return False
        try:
            is_whole = _read_pages(session, held, most=most_pages)
            if is_whole is not None:
                _end(session, held, is_whole=is_whole)
        except (miosa.MiosaError, WrongTenant) as error:
            wait = timedelta(seconds=error.retry_after_s or 15) if isinstance(error, miosa.MiosaError) else None
            note_failure(SWEEP, code=error.code, retry_at=now + wait if wait else None, now=now)
            raise
    return True


def look_into(seen: Iterable[Seen], *, now: datetime) -> None:
    """Request what tells the owner of rows just stored, where it is not certain: their workspaces, or the row alone."""
    unsettled = [one for one in seen if one.is_open and (one.is_new or one.owner_changed)]
    if any(one.deployment.workspace_id for one in unsettled):
        want(WORKSPACES, at=now)
    unstated = (one.deployment.pk for one in unsettled if not one.deployment.is_stated)
    want_all((deployment_scope(pk) for pk in unstated), at=now)


def _read_pages(session: Session, held: Lease, *, most: int | None) -> bool | None:
    """Whether the list was read as a whole (and not in a circle); None if there is more to read."""
    for count, (page, asked_at) in enumerate(_list_pages(session, held), start=1):
        rows = session.accept(page.items)
        with held.writing() as row:
            seen = deployments.remember(rows, now=asked_at)
            unreadable = [broken.id for broken in page.unreadable if broken.id]
            Deployment.objects.filter(miosa_id__in=unreadable, asked_at__lt=asked_at).update(asked_at=asked_at)
            row.rows_read = (row.rows_read if row.cursor else 0) + len(page.items)
            row.cursor = page.next or ""
            # A row that can't be read and names no id may be any deployment: none is missing for certain.
            row.is_complete = row.is_complete and len(unreadable) == len(page.unreadable)
        _follow(seen, now=session.now)
        if page.next is None:
            return not page.loop
        if most is not None and count >= most:
            # At half of the background's pace, so that other readings get their turn.
            want(SWEEP, at=session.now + timedelta(seconds=most / (rates.background_rate() / 2)))
            return None
    return None


def _list_pages(session: Session, held: Lease) -> Iterator[tuple[miosa.Page[miosa.Deployment], datetime]]:
    """Each page with the time it was requested at, from where an earlier run ended."""
    row = held.row
    token = row.cursor if row.began_at and session.now - row.began_at < _STALE_SWEEP else ""
    if not token:
        _begin(held)
    tokens: set[str] = set()
    ids: frozenset[str] = frozenset()
    while True:
        asked_at = timezone.now()
        try:
            page = session.client.deployments.list(page_token=token or None)
        except miosa.Invalid:
            if not token or tokens:
                raise
            # The cursor kept from an earlier run is not honoured any more.
            token = _begin(held)
            continue
        before, ids = ids, frozenset(one.id for one in page.items)
        if page.next is not None and (page.next in tokens or page.next == token or (ids and ids <= before)):
            page = miosa.Page(items=page.items, unreadable=page.unreadable, loop=True)
        yield page, asked_at
        if page.next is None:
            return
        token = page.next
        tokens.add(token)


def _begin(held: Lease) -> str:
    with held.writing() as row:
        row.began_at, row.cursor, row.is_complete = timezone.now(), "", True
    return ""


def _follow(seen: list[Seen], *, now: datetime) -> None:
    """A new deployment's versions, and those of a moved pointer, are to be read soon."""
    for one in seen:
        if one.pointer_moved and not one.is_new:
            pointers.follow(one.deployment)
    want_all((versions.scope(one.deployment.pk) for one in seen if one.is_new or one.pointer_moved), at=now)
    look_into(seen, now=now)


def _end(session: Session, held: Lease, *, is_whole: bool) -> None:
    row = get(SWEEP)
    began_at = row.began_at or session.now
    if is_whole:
        _mark_vanished(session, began_at, is_complete=row.is_complete)
    with held.writing() as row:
        note_done(row, now=session.now)
        row.is_complete = row.is_complete and is_whole
    if is_whole:
        _mark_read(began_at)


def _mark_vanished(session: Session, began_at: datetime, *, is_complete: bool) -> None:
    """What an unfiltered, whole list does not hold. A few are requested by id: a list may shift while it is read."""
    there = Deployment.objects.filter(gone_at=None)
    vanished = list(there.filter(asked_at__lt=began_at).order_by("asked_at", "pk"))
    known = there.count()
    if not is_complete:
        vanished = vanished[:_MOST_ASKED]
    if 0 < len(vanished) <= _MOST_ASKED and len(vanished) < known:
        vanished = refreshing.ask_singly(session, vanished).missing
    vanishing.after_sweep(vanished, known=known, now=session.now)


def _mark_read(now: datetime) -> None:
    """Every customer's deployments have been read with the sweep."""
    new = Customer.objects.filter(freshness=None).values_list("pk", flat=True)
    Freshness.objects.bulk_create(
        [Freshness(scope=f"customer:{pk}", customer_id=pk) for pk in new], ignore_conflicts=True
    )
    mine = Freshness.objects.exclude(customer=None).exclude(read_at__gt=now)
    mine.update(read_at=now, error="", failed_at=None)


def read_workspaces(*, ask: miosa.Client, now: datetime) -> bool:
    """The customers' names, and whose unattributed deployments are. False if somebody else is at it.

    Raises miosa.MiosaError, LeaseLost.
    """
    with lease(WORKSPACES) as held:
        if held is None:
            return False
        named: set[str] = set()
        try:
            for page in ask.workspaces.pages():
                with held.writing():
                    for place in page.items:
                        _remember_workspace(place, named)
        except miosa.MiosaError as error:
            note_failure(WORKSPACES, code=error.code, retry_at=None, now=now)
            raise
        with held.writing() as row:
            note_done(row, now=now)
            row.is_complete = True
    return True


def _remember_workspace(place: miosa.Workspace, named: set[str]) -> None:
    external_id = attribution.legible(place.external_workspace_id)
    stated = external_id if isinstance(external_id, str) else None
    Workspace.objects.update_or_create(miosa_id=place.id, defaults={"external_id": stated})
    if stated is not None and stated not in named:
        # Of several workspaces with one external id the first names the customer.
        named.add(stated)
        customers.name(stated, name=place.name)
