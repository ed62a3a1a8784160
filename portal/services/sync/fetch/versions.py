"""The versions of one deployment, read from the newest down to those that are stored already."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal import miosa
from portal.models import Deployment, Freshness, Version
from portal.services.sync.fetch.lease import Lease, lease, note_failure, want
from portal.services.sync.fetch.session import Session
from portal.services.sync.fetch.walk import Bookmark, Walk
from portal.services.sync.upsert import attribution, deployments, pointers, versions
from portal.services.sync.upsert.versions import Taken

WATCHED = timedelta(seconds=60)
QUIET = timedelta(hours=6)
_MOST_SINGLES = 20
_AFTER_FAILURE_S = 30.0
_UNFINISHED = ("created", "building")


def scope(deployment_id: int) -> str:
    return f"versions:{deployment_id}"


def is_due(row: Freshness, *, now: datetime) -> bool:
    """Whether a deployment that somebody looks at was not read for a minute."""
    return row.read_at is None or now - row.read_at >= WATCHED


def read(deployment: Deployment, *, ask: miosa.Client, now: datetime, most_pages: int | None = None) -> bool:
    """Read the newest versions down to stored ones, then one by one what may have changed further down.

    `most_pages`: the worker reads the rest of a long list. False if another process is reading. Raises
    miosa.MiosaError and LeaseLost; what was read before is kept.
    """
    return read_in(Session(ask, now, most_pages=most_pages), deployment)


def read_in(session: Session, deployment: Deployment, *, row: Freshness | None = None) -> bool:
    """As `read`, as part of a refresh. `row`: the deployment's scope of versions, if it has just been read."""
    with lease(scope(deployment.pk), row=row) as held:
        if held is None:
            return False
        _Reading(session, deployment, held).run()
    return True


class _Reading:
    """One run over a deployment's versions, under its lease."""

    def __init__(self, session: Session, deployment: Deployment, held: Lease) -> None:
        self.session = session
        self.deployment = deployment
        self.held = held
        self.walk = Walk(
            has_gap=not held.row.is_complete,
            has_bottom=deployment.is_filled,
            bookmark=Bookmark.read(held.row.cursor),
        )
        self.taken = Taken()
        # Unfinished and unreadable versions that the pages of this run held: not requested one by one.
        self.listed: set[str] = set()
        self.singles: list[str] = []

    def run(self) -> None:
        try:
            self._store_pages()
            if not self.held.is_over:
                self._read_singles()
                self._read_missing()
        except miosa.MiosaError as error:
            retry_at = self.session.now + timedelta(seconds=max(error.retry_after_s or _AFTER_FAILURE_S, 1.0))
            note_failure(self.held.scope, code=error.code, retry_at=retry_at, now=self.session.now)
            self._settle()
            raise
        if not self.held.is_over:
            self._settle()

    def _store_pages(self) -> None:
        """Each page in its own transaction; if nothing is left to read after the last, that one ends the run."""
        for count, page in enumerate(self._read_pages(), start=1):
            self._refresh_attribution(page)
            is_last = count == self.session.most_pages
            with self.held.writing() as row:
                self._store(page, row)
                if self.walk.is_done or is_last:
                    self._finish(row)
            if self.walk.is_done:
                return
            if is_last:
                want(self.held.scope, at=self.session.now)
                return

    def _read_pages(self) -> Iterator[miosa.Page[miosa.Version]]:
        list_versions = self.session.client.versions.list
        yield list_versions(self.deployment.miosa_id, limit=100)
        while (token := self.walk.ask()) is not None:
            try:
                page = list_versions(self.deployment.miosa_id, limit=100, page_token=token)
            except miosa.Invalid:
                if not self.walk.begin_again():
                    raise
                continue
            yield page

    def _refresh_attribution(self, page: miosa.Page[miosa.Version]) -> None:
        """Versions without an attribution of their own take their deployment's, which must not be an old one."""
        stated = {row.id: row.external_workspace_id for row in page.items}
        asked_at = timezone.now()
        if not attribution.needs_ground(self.deployment, stated, now=asked_at):
            return
        row = self.session.client.deployments.get(self.deployment.miosa_id)
        deployments.remember(self.session.accept([row]), now=asked_at)
        self.deployment.refresh_from_db()

    def _store(self, page: miosa.Page[miosa.Version], row: Freshness) -> None:
        taken = versions.remember(
            self.deployment,
            page.items,
            page.unreadable,
            now=timezone.now(),
            tenant_id=self.session.tenant.tenant_id,
        )
        self.taken.add(taken)
        self.walk.saw(page, taken.known_ids & {item.id for item in page.items})
        row.rows_read += len(page.items)
        row.cursor = self.walk.bookmark.write() if self.walk.bookmark else ""
        row.is_complete = not self.walk.has_gap
        self.listed |= {item.id for item in page.items if item.state in _UNFINISHED}
        self.listed |= {broken.id for broken in page.unreadable if broken.id}
        if self.deployment.is_filled != self.walk.has_bottom:
            self._note_filled(is_filled=self.walk.has_bottom)

    def _note_filled(self, *, is_filled: bool) -> None:
        self.deployment.is_filled = is_filled
        self.deployment.save(update_fields=["is_filled"])
        self.taken.changed += 1
        if is_filled:
            pointers.refile(self.deployment)

    def _finish(self, row: Freshness) -> None:
        """The pages are read; if nothing has to be requested one by one, so is everything."""
        row.read_at, row.error, row.failed_at = self.session.now, "", None
        if self.walk.is_done:
            row.wanted_at = None
        self.singles = self._list_singles()
        if not self.singles and not self._list_missing(self._list_expected().order_by("-number"), most=1):
            pointers.settle(self.deployment, taken=self.taken, now=self.session.now)
            self.held.end(row)

    def _settle(self) -> None:
        with self.held.writing():
            pointers.settle(self.deployment, taken=self.taken, now=self.session.now)

    def _list_singles(self) -> list[str]:
        """Versions that may have changed and were on no page, the newest first; before them the live one if unknown.

        One more than may be requested.
        """
        rows = self._list_unsure().order_by("-number", "-pk").values_list("miosa_id", flat=True)
        found = list(rows[: _MOST_SINGLES + 1])
        live = self.deployment.active_version_id
        is_stored = live in self.walk.seen or Version.objects.filter(deployment=self.deployment, miosa_id=live).exists()
        return [live, *found] if live and not is_stored else found

    def _list_unsure(self) -> QuerySet[Version]:
        known = Version.objects.filter(deployment=self.deployment, gone_at=None)
        return known.filter(Q(state__in=_UNFINISHED) | Q(is_doubtful=True)).exclude(miosa_id__in=self.listed)

    def _read_singles(self) -> None:
        has_more = len(self.singles) > _MOST_SINGLES
        before = self._list_unsure().count() if has_more else 0
        for miosa_id in self.singles[:_MOST_SINGLES]:
            self._read_single(miosa_id)
        if has_more and self._list_unsure().count() < before:
            # It helps, so the rest follows soon; what stays unsure is requested again when its minute is over.
            want(self.held.scope, at=self.session.now + timedelta(seconds=5))

    def _list_expected(self) -> QuerySet[Version]:
        """Stored versions that the pages, read without a gap, should have held."""
        expected = Version.objects.filter(deployment=self.deployment, gone_at=None)
        return expected.none() if self.walk.lowest is None else expected.filter(number__gte=self.walk.lowest)

    def _read_missing(self) -> None:
        """Stored versions that were on no page: gone is what MIOSA, asked for it by id, does not know. Of many, only
        the ends and the middle are requested."""
        expected = self._list_expected()
        newest = self._list_missing(expected.order_by("-number"), most=_MOST_SINGLES + 1)
        if len(newest) <= _MOST_SINGLES:
            for miosa_id, _number in newest:
                self._read_single(miosa_id)
            return
        oldest = self._list_missing(expected.order_by("number"), most=1)
        half = (newest[0][1] + oldest[0][1]) // 2
        middle = self._list_missing(expected.filter(number__lte=half).order_by("-number"), most=1)
        if not any(self._read_single(miosa_id) for miosa_id, _number in (newest[0], *middle, *oldest)):
            self._mark_gone(expected.exclude(miosa_id__in=self.walk.seen))

    def _list_missing(self, expected: QuerySet[Version], *, most: int) -> list[tuple[str, int]]:
        """The first that no page held. No more rows are fetched than that takes, however many there are."""
        rows = expected.values_list("miosa_id", "number")[: len(self.walk.seen) + most]
        return [(key, number) for key, number in rows if number is not None and key not in self.walk.seen][:most]

    def _read_single(self, miosa_id: str) -> bool:
        """Read one version by its id; False if MIOSA does not know it."""
        try:
            row = self.session.client.versions.get(self.deployment.miosa_id, miosa_id)
        except miosa.NotFound:
            self._mark_gone(Version.objects.filter(deployment=self.deployment, miosa_id=miosa_id))
            return False
        except miosa.BadAnswer:
            return True
        with self.held.writing():
            self.taken.add(
                versions.remember(
                    self.deployment,
                    [row],
                    now=timezone.now(),
                    singly=True,
                    tenant_id=self.session.tenant.tenant_id,
                )
            )
        return True

    def _mark_gone(self, gone: QuerySet[Version]) -> None:
        with self.held.writing():
            self.taken.add(versions.mark_gone(gone, now=self.session.now))


def list_quiet(*, now: datetime) -> QuerySet[Freshness]:
    """Histories that nobody opened for so long that they are read again anyway, the longest unread first."""
    quiet = Freshness.objects.filter(scope__startswith="versions:", read_at__lt=now - QUIET, wanted_at=None)
    return quiet.order_by("read_at")
