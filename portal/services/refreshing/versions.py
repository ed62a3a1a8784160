"""The versions of one deployment, read down to what is known."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from portal import miosa
from portal.models import Deployment, Freshness, Version
from portal.services.refreshing.lease import Lease, get, lease, note_failure, want
from portal.services.remembering import pointers, versions
from portal.services.remembering.versions import Taken

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


def read(
    deployment: Deployment,
    *,
    ask: miosa.Client,
    now: datetime,
    ends: Iterable[str] = (),
    most_pages: int | None = None,
) -> bool:
    """Read the newest versions down to overlap with known ones, then singly what may have changed behind it.

    `ends` are ids to read for certain (both ends of a moved pointer). `most_pages` leaves the rest of a long list to the worker.
    False if somebody else is reading. Raises miosa.MiosaError and LeaseLost; what was read until then is kept.
    """
    with lease(scope(deployment.pk)) as held:
        if held is None:
            return False
        reading = _Reading(deployment, held, ask, now, frozenset(miosa_id for miosa_id in ends if miosa_id))
        try:
            reading.pages(most_pages)
            reading.singles()
        except miosa.MiosaError as error:
            retry_at = now + timedelta(seconds=max(error.retry_after_s or 30.0, 1.0))
            note_failure(scope(deployment.pk), code=error.code, retry_at=retry_at, now=now)
            raise
        finally:
            reading.settle()
    return True


class _Reading:
    """One run over a deployment's versions, under its lease."""

    def __init__(
        self, deployment: Deployment, held: Lease, ask: miosa.Client, now: datetime, ends: frozenset[str]
    ) -> None:
        self.deployment = deployment
        self.held = held
        self.ask = ask
        self.now = now
        self.ends = ends
        # In a backfill only what will be asked about again, so that memory does not grow with the history.
        self.seen: set[str] = set()
        self.taken = Taken()

    def pages(self, most: int | None) -> None:
        row = get(self.held.scope)
        was_complete, resume = row.is_complete, row.cursor
        descending = True
        last_number: int | None = None
        reached_end = False
        for count, page in enumerate(self._walk(resume if not was_complete else ""), start=1):
            numbers = [version.version_number for version in page.items]
            descending = descending and numbers == sorted(numbers, reverse=True)
            descending = descending and (last_number is None or not numbers or numbers[0] < last_number)
            last_number = numbers[-1] if numbers else last_number
            before = self.taken.known
            self._take(page, keep_cursor=not was_complete)
            if page.next is None and not page.loop:
                reached_end = True
                break
            if was_complete and descending and self.taken.known > before:
                break
            if page.loop or (most is not None and count >= most):
                want(self.held.scope, at=self.now)
                break
        self._finish(reached_end=reached_end, was_complete=was_complete, resumed=bool(resume))

    def _walk(self, resume: str) -> Iterator[miosa.Page[miosa.Version]]:
        """From the newest page on; a backfill that was interrupted goes on at its cursor after the newest page."""
        first = self.ask.versions.list(self.deployment.miosa_id, limit=100)
        yield first
        token = resume or first.next
        seen_tokens = set()
        while token and token not in seen_tokens:
            seen_tokens.add(token)
            try:
                page = self.ask.versions.list(self.deployment.miosa_id, limit=100, page_token=token)
            except miosa.Invalid:
                if token != resume:
                    raise
                # The cursor kept from an earlier run is no longer honoured: begin at the top.
                resume, token = "", first.next
                continue
            yield page
            token = page.next

    def _take(self, page: miosa.Page[miosa.Version], *, keep_cursor: bool) -> None:
        with self.held.writing() as row:
            self.taken.add(versions.remember(self.deployment, page.items, page.unreadable, now=self.now))
            row.rows_read += len(page.items)
            if keep_cursor:
                row.cursor = page.next or ""
        for version in page.items:
            if not keep_cursor or version.state in _UNFINISHED or version.id in self.ends:
                self.seen.add(version.id)
        self.seen.update(broken.id for broken in page.unreadable if broken.id)

    def _finish(self, *, reached_end: bool, was_complete: bool, resumed: bool) -> None:
        with self.held.writing() as row:
            row.read_at, row.error, row.failed_at = self.now, "", None
            if reached_end:
                row.is_complete, row.cursor = True, ""
                row.wanted_at = None
            if reached_end and was_complete and not resumed:
                self._mark_vanished()
            elif was_complete:
                row.wanted_at = None
        if reached_end and not self.deployment.is_filled:
            self.deployment.is_filled = True
            self.deployment.save(update_fields=["is_filled"])
            self.taken.changed += 1

    def _mark_vanished(self) -> None:
        """The whole list was read in one go: what is not on it is gone."""
        there = Version.objects.filter(deployment=self.deployment, gone_at=None)
        vanished = [version for version in there.only("pk", "miosa_id", "gone_at") if version.miosa_id not in self.seen]
        self.taken.changed += versions.mark_gone(self.deployment, vanished, now=self.now)

    def singles(self) -> None:
        """Rows that the pages did not bring and that may have changed: unfinished ones, the pointer's ends, those of nobody yet."""
        wanted = set(self.ends)
        known = Version.objects.filter(deployment=self.deployment, gone_at=None)
        wanted |= set(known.filter(state__in=_UNFINISHED).values_list("miosa_id", flat=True)[:_MOST_SINGLES])
        active = self.deployment.active_version_id
        if active and not known.filter(miosa_id=active).exists():
            wanted.add(active)
        wanted -= self.seen
        unknown = list(
            known.filter(attribution=Version.Attribution.UNKNOWN, is_readable=True)
            .order_by("-number")
            .values_list("miosa_id", flat=True)[: _MOST_SINGLES + 1]
        )
        if len(unknown) > _MOST_SINGLES:
            want(self.held.scope, at=self.now + timedelta(seconds=5))
        for miosa_id in [*sorted(wanted), *(one for one in unknown[:_MOST_SINGLES] if one not in wanted)]:
            self._single(miosa_id)

    def _single(self, miosa_id: str) -> None:
        try:
            row = self.ask.versions.get(self.deployment.miosa_id, miosa_id)
        except miosa.NotFound:
            with self.held.writing():
                gone = Version.objects.filter(deployment=self.deployment, miosa_id=miosa_id)
                self.taken.changed += versions.mark_gone(self.deployment, list(gone), now=self.now)
            return
        except miosa.BadAnswer:
            return
        with self.held.writing():
            self.taken.add(versions.remember(self.deployment, [row], now=self.now))

    def settle(self) -> None:
        with self.held.writing():
            self.deployment.refresh_from_db()
            pointers.settle(self.deployment, taken=self.taken, now=self.now)


def list_quiet(*, now: datetime, most: int) -> list[str]:
    """Scopes nobody looked at for so long that they are read again by themselves."""
    quiet = Freshness.objects.filter(scope__startswith="versions:", read_at__lt=now - QUIET, wanted_at=None)
    return list(quiet.order_by("read_at").values_list("scope", flat=True)[:most])
