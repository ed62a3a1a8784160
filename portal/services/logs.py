"""Logs, read from MIOSA and rendered once for all who watch; those of finished versions are stored compressed."""

import zlib
from collections.abc import Callable
from datetime import datetime

from django.core.cache import cache
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Customer, Deployment, KeptLog, Version
from portal.permissions import Person
from portal.services import durability, rendered_logs
from portal.services.queries import versions
from portal.services.queries.log_pages import LogPage
from portal.services.rendered_logs import RenderedLog
from portal.services.sync import polling, single_flight
from portal.services.sync.polling import Polled
from portal.terminal import StyledText

STAGES = ("build", "runtime_install", "runtime_start")
_FINISHED = frozenset({"ready", "failed", "archived"})
_RENDERED_S = 3600
_WAIT_FOR_RENDERING_S = 10.0


def get_log(*, by: Person, slug: str, deployment_id: str, version_id: str, stage: str = "", now: datetime) -> LogPage:
    """A version's log, of one of `STAGES` or of all. Raises NotFound; any other problem is in `missing`."""
    loaded = versions.load(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id)
    return read_log(loaded.version, loaded.deployment, customer=loaded.customer, by=by, stage=stage, now=now)


def read_log(
    version: Version, deployment: Deployment, *, customer: Customer, by: Person, stage: str, now: datetime
) -> LogPage:
    """Raises nothing: a problem is in `missing`."""
    stage = stage if stage in STAGES else ""
    log = _find(version, deployment, customer=customer, stage=stage, now=now)
    if log is None:
        return LogPage(StyledText.plain(""), complete=True, missing=_("The log no longer exists."))
    return _page(log, is_finished=_is_finished(version), by=by)


def read_stream(
    fetch: Callable[[miosa.Client], miosa.LogText],
    *,
    name: str,
    is_finished: bool,
    has_failed: bool,
    customer_id: int,
    by: Person,
    now: datetime,
) -> LogPage:
    """A log that is not stored: of a build, or of an instance. `name` identifies it. Raises nothing.

    `has_failed`: it may contain errors, which are then marked.
    """
    name = f"stream:{name}"

    def fetch_rendered(client: miosa.Client) -> RenderedLog:
        text = fetch(client)
        # The log of something that runs is cut by our deadline, not for its length.
        return rendered_logs.render_log(
            text, has_failed=has_failed, is_truncated=is_finished and not text.complete, before=_find_before(name)
        )

    log = polling.poll(name, fetch_rendered, customer_id=customer_id, is_final=is_finished, now=now)
    return _page(log, is_finished=is_finished, by=by)


def find_failure(version: Version, deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> str:
    """The line of its log with the cause of a failed version; empty if there is no log or no such line."""
    log = _find(version, deployment, customer=customer, stage="", now=now)
    return log.value.shown_to(by).failure if log is not None and log.value is not None else ""


def store_failed_log(version: Version, deployment: Deployment, *, customer: Customer, now: datetime) -> None:
    """Read the log of a failed version once, so that lists can say why it failed. Raises nothing."""
    _find(version, deployment, customer=customer, stage="", now=now)


def fetch_log(
    client: miosa.Client,
    version: Version,
    deployment: Deployment,
    *,
    stage: str = "",
    before: RenderedLog | None = None,
    now: datetime,
) -> RenderedLog:
    """Read a log, and store it if it will not grow any more. Raises miosa.MiosaError."""
    text = client.versions.logs(deployment.miosa_id, version.miosa_id, stage=stage or None)
    rendered = _render(text, version, before=before)
    if _is_finished(version) and (text.complete or text.gap):
        _store(text, rendered, version, stage=stage, now=now)
    return rendered


def explain_outdated(error: miosa.MiosaError) -> str:
    """Why something that is read only when a page shows it could not be read now."""
    if isinstance(error, miosa.BudgetSpent | miosa.RateLimited):
        return _("Too many requests right now. Try again in a moment.")
    if isinstance(error, miosa.Refused):
        return _("The hosting service refused the request.")
    return _("The hosting service can't be reached, so this may be out of date.")


def _explain_missing(error: miosa.MiosaError) -> str:
    if isinstance(error, miosa.NotFound | miosa.Gone | miosa.NotSupported):
        return _("No log is available.")
    if isinstance(error, miosa.BudgetSpent | miosa.RateLimited):
        return _("Too many requests right now. Try again in a moment.")
    if isinstance(error, miosa.Refused):
        return _("The hosting service refused to show the log.")
    return _("The log can't be read now: the hosting service can't be reached.")


def _page(log: Polled[RenderedLog], *, is_finished: bool, by: Person) -> LogPage:
    """The latest text that was read, also while nothing newer can be read."""
    missing = _explain_missing(log.error()) if log.error else ""
    if log.value is None:
        complete = is_finished and log.is_absent
        return LogPage(StyledText.plain(""), complete, missing=missing or _("The log is loading."))
    shown = log.value.shown_to(by)
    text = StyledText.unpack(shown.text)
    if not missing and not text.text.strip():
        missing = _("The log is empty.") if is_finished else _("Nothing has been logged yet.")
    return LogPage(
        text=text,
        complete=is_finished and (not log.error or log.is_absent),
        missing=missing,
        as_of=log.as_of if log.error else None,
        truncated=log.value.is_truncated,
        gap_line=shown.gap_line,
        gap_bytes=log.value.gap_bytes,
        first_error=shown.first_error,
        failure=shown.failure,
        checksum=log.value.checksum,
    )


def _find(
    version: Version, deployment: Deployment, *, customer: Customer, stage: str, now: datetime
) -> Polled[RenderedLog] | None:
    """The log as it is stored, or as it was read for all who watch it; None if there can't be one."""
    kept = KeptLog.objects.filter(version=version, stage=stage).values_list("pk", flat=True).first()
    if kept is not None:
        return Polled(_get_kept(kept, version), now, now, 0, is_final=True)
    if not version.is_readable or version.gone_at is not None or deployment.gone_at is not None:
        return None
    name = f"log:{version.pk}:{stage}"

    def fetch(client: miosa.Client) -> RenderedLog:
        return fetch_log(client, version, deployment, stage=stage, before=_find_before(name), now=now)

    return polling.poll(name, fetch, customer_id=customer.pk, is_final=_is_finished(version), now=now)


def _get_kept(pk: int, version: Version) -> RenderedLog | None:
    """A stored log, rendered at most once an hour for all of its readers. None if another thread takes long for it."""
    key = f"rendered-log:{pk}"

    def render() -> None:
        row = KeptLog.objects.filter(pk=pk).first()
        if row is None:
            return
        gap = miosa.Gap(row.gap_at, row.gap_bytes or 0) if row.gap_at is not None else None
        text = miosa.LogText.create(zlib.decompress(row.body).decode(), complete=not row.is_truncated, gap=gap)
        cache.set(key, _render(text, version), _RENDERED_S)

    found: RenderedLog | None = cache.get(key)
    if found is None:
        single_flight.run_once(key, render, wait_s=_WAIT_FOR_RENDERING_S)
        found = cache.get(key)
    return found


def _render(text: miosa.LogText, version: Version, before: RenderedLog | None = None) -> RenderedLog:
    has_failed = version.state == "failed"
    return rendered_logs.render_log(text, has_failed=has_failed, is_truncated=not text.complete, before=before)


def _find_before(name: str) -> RenderedLog | None:
    before: Polled[RenderedLog] | None = polling.find(name)
    return before.value if before is not None else None


def _store(text: miosa.LogText, rendered: RenderedLog, version: Version, *, stage: str, now: datetime) -> None:
    """A log that will not grow any more is stored."""
    facts = {
        "body": zlib.compress(text.encode(), 6),
        "gap_at": text.gap.at if text.gap else None,
        "gap_bytes": text.gap.size if text.gap else None,
        "is_truncated": not text.complete,
        "read_at": now,
    }
    with durability.optional_write("log"):
        row, _created = KeptLog.objects.update_or_create(version=version, stage=stage, defaults=facts)
        if not stage:
            Version.objects.filter(pk=version.pk).update(failure=rendered.staff.failure)
        cache.set(f"rendered-log:{row.pk}", rendered, _RENDERED_S)


def _is_finished(version: Version) -> bool:
    return version.state in _FINISHED
