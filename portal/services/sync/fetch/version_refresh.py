"""Reads the versions of one deployment, from the newest down to those that are stored already."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal import miosa
from portal.models import Deployment, Freshness, Version
from portal.models.freshness import WATCHED_FOR, versions_scope
from portal.models.versions import UNFINISHED
from portal.services.sync.fetch.page_walker import Bookmark, PageWalker
from portal.services.sync.fetch.session import Session
from portal.services.sync.leases import Lease, take_lease
from portal.services.sync.limits import VERSIONS_FRESH, VERSIONS_LISTED, VERSIONS_QUIET
from portal.services.sync.scopes import note_failure, request_refresh
from portal.services.sync.upsert import attribution, deployment_rows, live_pointer, version_rows, version_times
from portal.services.sync.upsert.version_rows import VersionChanges

_MOST_BY_ID = 20
_RETRY_AFTER_FAILURE_S = 30.0
_RETRY_UNSURE = timedelta(seconds=5)


def is_due(row: Freshness, *, now: datetime) -> bool:
    """Whether the versions of a deployment that somebody looks at were not read for a minute."""
    return row.read_at is None or now - row.read_at >= VERSIONS_FRESH


def list_quiet(*, now: datetime) -> QuerySet[Freshness]:
    """Histories that nobody opened for so long that they are read again anyway, the longest unread first.

    What an open list shows is read again sooner: a failed publish may change nothing else.
    """
    known = Freshness.objects.filter(scope__startswith="versions:", wanted_at=None)
    is_listed = Q(watched_at__gt=now - WATCHED_FOR, read_at__lt=now - VERSIONS_LISTED)
    return known.filter(Q(read_at__lt=now - VERSIONS_QUIET) | is_listed).order_by("read_at")


def refresh_versions(
    deployment: Deployment, *, client: miosa.Client, now: datetime, most_pages: int | None = None
) -> bool:
    """Read the newest versions down to stored ones, then by id what may have changed further down.

    `most_pages`: the worker reads the rest of a longer list. False if another process is reading. Raises
    miosa.MiosaError and LeaseLost; what was read before is kept.
    """
    return refresh_in_session(Session(client, now, most_pages=most_pages), deployment)


def refresh_in_session(session: Session, deployment: Deployment, *, row: Freshness | None = None) -> bool:
    """As `refresh_versions`, as part of a larger refresh. `row`: the scope, if the caller has just read it."""
    with take_lease(versions_scope(deployment.pk), row=row) as lease:
        if lease is None:
            return False
        _Run(session, deployment, lease).run()
    return True


class _Run:
    """One run over a deployment's versions, under its lease."""

    def __init__(self, session: Session, deployment: Deployment, lease: Lease) -> None:
        self.session = session
        self.deployment = deployment
        self.lease = lease
        self.walker = PageWalker(
            has_gap=not lease.row.is_complete,
            has_bottom=deployment.is_filled,
            bookmark=Bookmark.read(lease.row.cursor),
        )
        self.changes = VersionChanges()
        # Unfinished and unreadable versions on the pages of this run: not requested by id.
        self.listed: set[str] = set()
        self.unsure: list[str] = []

    def run(self) -> None:
        try:
            self._store_pages()
            if not self.lease.is_over:
                self._fetch_unsure()
                self._fetch_missing()
        except miosa.MiosaError as error:
            retry_at = self.session.now + timedelta(seconds=max(error.retry_after_s or _RETRY_AFTER_FAILURE_S, 1.0))
            note_failure(self.lease.scope, code=error.code, retry_at=retry_at, now=self.session.now)
            self._update_live_pointer()
            raise
        if not self.lease.is_over:
            self._update_live_pointer()

    def _store_pages(self) -> None:
        """Each page in its own transaction; if nothing is left to read after the last, that one ends the run."""
        for count, page in enumerate(self._read_pages(), start=1):
            self._refresh_attribution(page)
            is_last = count == self.session.most_pages
            with self.lease.writing() as row:
                self._store(page, row)
                if self.walker.is_done or is_last:
                    self._finish(row)
            if self.walker.is_done:
                return
            if is_last:
                request_refresh(self.lease.scope, at=self.session.now)
                return

    def _read_pages(self) -> Iterator[miosa.Page[miosa.Version]]:
        list_versions = self.session.client.versions.list
        yield list_versions(self.deployment.miosa_id, limit=100)
        while (token := self.walker.next_token()) is not None:
            try:
                page = list_versions(self.deployment.miosa_id, limit=100, page_token=token)
            except miosa.Invalid:
                if not self.walker.restart():
                    raise
                continue
            yield page

    def _refresh_attribution(self, page: miosa.Page[miosa.Version]) -> None:
        """Versions without an attribution of their own take their deployment's, which must not be an old one."""
        stated = {row.id: row.external_workspace_id for row in page.items}
        requested_at = timezone.now()
        if not attribution.needs_fresh_deployment(self.deployment, stated, now=requested_at):
            return
        row = self.session.client.deployments.get(self.deployment.miosa_id)
        deployment_rows.upsert_deployments(self.session.tenant.accept_rows([row]), now=requested_at)
        self.deployment.refresh_from_db()

    def _store(self, page: miosa.Page[miosa.Version], row: Freshness) -> None:
        changes = version_rows.upsert_versions(
            self.deployment,
            page.items,
            page.unreadable,
            now=timezone.now(),
            tenant_id=self.session.tenant.tenant_id,
        )
        self.changes.add(changes)
        self.walker.add(page, changes.known_ids & {item.id for item in page.items})
        row.rows_read += len(page.items)
        row.cursor = self.walker.bookmark.write() if self.walker.bookmark else ""
        row.is_complete = not self.walker.has_gap
        self.listed |= {item.id for item in page.items if item.state in UNFINISHED}
        self.listed |= {broken.id for broken in page.unreadable if broken.id}
        if self.deployment.is_filled != self.walker.has_bottom:
            self._note_filled(is_filled=self.walker.has_bottom)

    def _note_filled(self, *, is_filled: bool) -> None:
        self.deployment.is_filled = is_filled
        self.deployment.save(update_fields=["is_filled"])
        self.changes.changed += 1
        if is_filled:
            live_pointer.restore_activation_entries(self.deployment)
            version_times.restore(self.deployment)

    def _finish(self, row: Freshness) -> None:
        """The pages are read; if nothing has to be requested by id, the run ends with this transaction."""
        row.read_at, row.error, row.failed_at = self.session.now, "", None
        if self.walker.is_done:
            row.wanted_at = None
        self.unsure = self._list_unsure_ids()
        if not self.unsure and not self._list_missing(self._list_expected().order_by("-number"), most=1):
            live_pointer.update_live_pointer(self.deployment, changes=self.changes, now=self.session.now)
            self.lease.end(row)

    def _update_live_pointer(self) -> None:
        with self.lease.writing():
            live_pointer.update_live_pointer(self.deployment, changes=self.changes, now=self.session.now)

    def _list_unsure_ids(self) -> list[str]:
        """Versions that may have changed and were on no page, the newest first; before them the live one, if it is not
        stored. One more than may be requested."""
        rows = self._list_unsure().order_by("-number", "-pk").values_list("miosa_id", flat=True)
        found = list(rows[: _MOST_BY_ID + 1])
        live = self.deployment.active_version_id
        is_stored = (
            live in self.walker.seen or Version.objects.filter(deployment=self.deployment, miosa_id=live).exists()
        )
        return [live, *found] if live and not is_stored else found

    def _list_unsure(self) -> QuerySet[Version]:
        known = Version.objects.filter(deployment=self.deployment, gone_at=None)
        return known.filter(Q(state__in=UNFINISHED) | Q(is_doubtful=True)).exclude(miosa_id__in=self.listed)

    def _fetch_unsure(self) -> None:
        has_more = len(self.unsure) > _MOST_BY_ID
        before = self._list_unsure().count() if has_more else 0
        for miosa_id in self.unsure[:_MOST_BY_ID]:
            self._fetch_by_id(miosa_id)
        if has_more and self._list_unsure().count() < before:
            # Requests help, so the rest follows soon; what stays unsure is requested again when it is due.
            request_refresh(self.lease.scope, at=self.session.now + _RETRY_UNSURE)

    def _list_expected(self) -> QuerySet[Version]:
        """Stored versions that the pages, read without a gap, should have held."""
        expected = Version.objects.filter(deployment=self.deployment, gone_at=None)
        return expected.none() if self.walker.lowest is None else expected.filter(number__gte=self.walker.lowest)

    def _fetch_missing(self) -> None:
        """Stored versions that were on no page: gone is what MIOSA, asked for it by id, does not know. Of many, only
        the ends and the middle are requested."""
        expected = self._list_expected()
        newest = self._list_missing(expected.order_by("-number"), most=_MOST_BY_ID + 1)
        if len(newest) <= _MOST_BY_ID:
            for miosa_id, _number in newest:
                self._fetch_by_id(miosa_id)
            return
        oldest = self._list_missing(expected.order_by("number"), most=1)
        half = (newest[0][1] + oldest[0][1]) // 2
        middle = self._list_missing(expected.filter(number__lte=half).order_by("-number"), most=1)
        if not any(self._fetch_by_id(miosa_id) for miosa_id, _number in (newest[0], *middle, *oldest)):
            self._mark_gone(expected.exclude(miosa_id__in=self.walker.seen))

    def _list_missing(self, expected: QuerySet[Version], *, most: int) -> list[tuple[str, int]]:
        """The first that no page held. No more rows are fetched than that takes, however many there are."""
        rows = expected.values_list("miosa_id", "number")[: len(self.walker.seen) + most]
        return [(key, number) for key, number in rows if number is not None and key not in self.walker.seen][:most]

    def _fetch_by_id(self, miosa_id: str) -> bool:
        """Read one version by its id; False if MIOSA does not know it."""
        try:
            row = self.session.client.versions.get(self.deployment.miosa_id, miosa_id)
        except miosa.NotFound:
            self._mark_gone(Version.objects.filter(deployment=self.deployment, miosa_id=miosa_id))
            return False
        except miosa.BadAnswer:
            return True
        with self.lease.writing():
            self.changes.add(
                version_rows.upsert_versions(
                    self.deployment,
                    [row],
                    now=timezone.now(),
                    is_single=True,
                    tenant_id=self.session.tenant.tenant_id,
                )
            )
        return True

    def _mark_gone(self, gone: QuerySet[Version]) -> None:
        with self.lease.writing():
            self.changes.add(version_rows.mark_versions_gone(gone, now=self.session.now))
