"""The versions of one deployment, read down to what is known."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal import miosa
from portal.models import Deployment, Freshness, Version
from portal.services.sync.fetch import tenancy
from portal.services.sync.fetch.lease import Lease, get, lease, note_failure, want
from portal.services.sync.fetch.walk import Bookmark, Walk
from portal.services.sync.upsert import attribution, deployments, pointers, versions
from portal.services.sync.upsert.versions import Taken

WATCHED = timedelta(seconds=60)
QUIET = timedelta(hours=6)
_MOST_SINGLES = 20
_UNFINISHED = ("created", "building")


def scope(deployment_id: int) -> str:
    return f"versions:{deployment_id}"


def is_due(deployment: Deployment, *, now: datetime) -> bool:
    """Whether the minute of a deployment that somebody looks at is over."""
    row = get(scope(deployment.pk))
    return row.read_at is None or now - row.read_at >= WATCHED


def read(deployment: Deployment, *, ask: miosa.Client, now: datetime, most_pages: int | None = None) -> bool:
    """Read the newest versions down to overlap with known ones, then singly what may have changed behind it.

    `most_pages` leaves the rest of a long list to the worker. False if somebody else is reading. Raises
    miosa.MiosaError and LeaseLost; what was read until then is kept.
    """
    with lease(scope(deployment.pk)) as held:
        if held is None:
            return False
        reading = _Reading(deployment, held, ask, now)
        try:
            reading.pages(most_pages)
            reading.singles()
        except miosa.MiosaError as error:
            retry_at = now + timedelta(seconds=max(error.retry_after_s or 30.0, 1.0))
            note_failure(held.scope, code=error.code, retry_at=retry_at, now=now)
            reading.settle()
            raise
        reading.settle()
    return True


class _Reading:
    """One run over a deployment's versions, under its lease."""

    def __init__(self, deployment: Deployment, held: Lease, ask: miosa.Client, now: datetime) -> None:
        self.deployment = deployment
        self.held = held
        self.ask = ask
        self.now = now
        row = get(held.scope)
        self.walk = Walk(
            has_gap=not row.is_complete,
            has_bottom=deployment.is_filled,
            bookmark=Bookmark.read(row.cursor),
        )
        self.taken = Taken()
        # What the pages of this run held, to be left out of what is asked for singly.
        self.brought: set[str] = set()

    def pages(self, most: int | None) -> None:
        for count, page in enumerate(self._read_pages(), start=1):
            self._take(page)
            if self.walk.is_done:
                break
            if most is not None and count >= most:
                want(self.held.scope, at=self.now)
                break
        self._finish()

    def _read_pages(self) -> Iterator[miosa.Page[miosa.Version]]:
        yield self.ask.versions.list(self.deployment.miosa_id, limit=100)
        while (token := self.walk.ask()) is not None:
            try:
                page = self.ask.versions.list(self.deployment.miosa_id, limit=100, page_token=token)
            except miosa.Invalid:
                if not self.walk.begin_again():
                    raise
                continue
            yield page

    def _take(self, page: miosa.Page[miosa.Version]) -> None:
        self._find_ground(page)
        known = set(
            Version.objects.filter(deployment=self.deployment, miosa_id__in=[row.id for row in page.items]).values_list(
                "miosa_id", flat=True
            )
        )
        self.walk.saw(page, known)
        with self.held.writing() as row:
            self.taken.add(versions.remember(self.deployment, page.items, page.unreadable, now=timezone.now()))
            row.rows_read += len(page.items)
            row.cursor = self.walk.bookmark.write() if self.walk.bookmark else ""
            row.is_complete = not self.walk.has_gap
            self._fill()
        self.brought |= {row.id for row in page.items if row.state in _UNFINISHED}
        self.brought |= {row.id for row in page.unreadable if row.id}

    def _find_ground(self, page: miosa.Page[miosa.Version]) -> None:
        """Versions that say nothing of their own take their deployment's attribution, which must not be an old one."""
        stated = {row.id: row.external_workspace_id for row in page.items}
        asked_at = timezone.now()
        if not attribution.needs_ground(self.deployment, stated, now=asked_at):
            return
        row = self.ask.deployments.get(self.deployment.miosa_id)
        deployments.remember(tenancy.admit([row]), now=asked_at)
        self.deployment.refresh_from_db()

    def _finish(self) -> None:
        with self.held.writing() as row:
            row.read_at, row.error, row.failed_at = self.now, "", None
            if self.walk.is_done:
                row.wanted_at = None

    def _fill(self) -> None:
        if self.deployment.is_filled == self.walk.has_bottom:
            return
        self.deployment.is_filled = self.walk.has_bottom
        self.deployment.save(update_fields=["is_filled"])
        self.taken.changed += 1
        if self.deployment.is_filled:
            pointers.refile(self.deployment)

    def singles(self) -> None:
        """Rows that the pages did not bring and that may have changed, and those the pages should have brought."""
        known = Version.objects.filter(deployment=self.deployment, gone_at=None)
        unsure = known.filter(Q(state__in=_UNFINISHED) | Q(is_doubtful=True)).exclude(miosa_id__in=self.brought)
        wanted = list(unsure.order_by("-number", "-pk").values_list("miosa_id", flat=True)[: _MOST_SINGLES + 1])
        active = self.deployment.active_version_id
        if active and not Version.objects.filter(deployment=self.deployment, miosa_id=active).exists():
            wanted.insert(0, active)
        before = unsure.count() if len(wanted) > _MOST_SINGLES else 0
        for miosa_id in wanted[:_MOST_SINGLES]:
            self._single(miosa_id)
        if before and unsure.count() < before:
            # It helps, so there is more of it; what stays unsure is asked for again when the minute is over.
            want(self.held.scope, at=self.now + timedelta(seconds=5))
        self._look_for_missing()

    def _look_for_missing(self) -> None:
        """Known versions that the pages read, being whole, should have held: gone is what MIOSA, asked for it alone,
        does not know. Of many only the ends and the middle are asked for."""
        if self.walk.lowest is None:
            return
        there = Version.objects.filter(deployment=self.deployment, gone_at=None, number__gte=self.walk.lowest)
        newest = self._missing(there.order_by("-number"), most=_MOST_SINGLES + 1)
        if len(newest) <= _MOST_SINGLES:
            for miosa_id, _number in newest:
                self._single(miosa_id)
            return
        oldest = self._missing(there.order_by("number"), most=1)
        half = (newest[0][1] + oldest[0][1]) // 2
        middle = self._missing(there.filter(number__lte=half).order_by("-number"), most=1)
        if not any(self._single(miosa_id) for miosa_id, _number in (newest[0], *middle, *oldest)):
            self._mark_gone(there.exclude(miosa_id__in=self.walk.seen))

    def _missing(self, there: QuerySet[Version], *, most: int) -> list[tuple[str, int]]:
        """The first that no page held. No more is fetched than that takes, of however many there are."""
        rows = there.values_list("miosa_id", "number")[: len(self.walk.seen) + most]
        return [(key, number) for key, number in rows if number is not None and key not in self.walk.seen][:most]

    def _single(self, miosa_id: str) -> bool:
        """Read one version alone; whether it is there."""
        try:
            row = self.ask.versions.get(self.deployment.miosa_id, miosa_id)
        except miosa.NotFound:
            self._mark_gone(Version.objects.filter(deployment=self.deployment, miosa_id=miosa_id))
            return False
        except miosa.BadAnswer:
            return True
        with self.held.writing():
            self.taken.add(versions.remember(self.deployment, [row], now=timezone.now(), singly=True))
        return True

    def _mark_gone(self, gone: QuerySet[Version]) -> None:
        with self.held.writing():
            self.taken.add(versions.mark_gone(gone, now=self.now))

    def settle(self) -> None:
        with self.held.writing():
            pointers.settle(self.deployment, taken=self.taken, now=self.now)


def list_quiet(*, now: datetime) -> QuerySet[Freshness]:
    """Histories that nobody opened for so long that they are read again anyway, the longest unread first."""
    quiet = Freshness.objects.filter(scope__startswith="versions:", read_at__lt=now - QUIET, wanted_at=None)
    return quiet.order_by("read_at")
