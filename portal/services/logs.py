"""Logs, read from MIOSA once for all who watch; those of finished versions are stored compressed."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal import miosa, terminal
from portal.models import Customer, Deployment, KeptLog, Version
from portal.permissions import Person
from portal.services import log_text
from portal.services.queries import versions
from portal.services.sync import polling
from portal.services.sync.polling import Polled

STAGES = ("build", "runtime_install", "runtime_start")
_MOST_CHARACTERS = 2_000_000
_FINISHED = frozenset({"ready", "failed", "archived"})


@dataclass(frozen=True, slots=True)
class LogPage:
    """A log as text, with ANSI sequences as the build wrote them.

    `missing` is a sentence: why there is no log, or nothing newer than `as_of`. `complete`: it will not grow.
    `truncated`: it is the end of a very long log.
    """

    text: str
    complete: bool
    truncated: bool
    missing: str
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """A log's text, compressed with zlib. `failure` is the line with the cause of a failure."""

    body: bytes
    is_truncated: bool
    failure: str = ""


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
        return LogPage("", complete=True, truncated=False, missing=_("The log no longer exists."))
    return _page(log, is_finished=_is_finished(version), by=by)


def read_stream(
    fetch: Callable[[miosa.Client], miosa.LogText],
    *,
    name: str,
    is_finished: bool,
    customer_id: int,
    by: Person,
    now: datetime,
) -> LogPage:
    """A log that is not stored: of a build, or of an instance. `name` identifies it. Raises nothing."""

    def fetch_packed(client: miosa.Client) -> Packed:
        text = fetch(client)
        # The log of something that runs is cut by our deadline, not for its length.
        return _pack(text, is_truncated=is_finished and not text.complete)

    log = polling.poll(f"stream:{name}", fetch_packed, customer_id=customer_id, is_final=is_finished, now=now)
    return _page(log, is_finished=is_finished, by=by)


def find_failure(version: Version, deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> str:
    """The line of its log with the cause of a failed version; empty if there is no log or no such line."""
    log = _find(version, deployment, customer=customer, stage="", now=now)
    if log is None or log.value is None:
        return ""
    return log.value.failure if by.is_staff else log_text.scrub(log.value.failure)


def explain_outdated(error: miosa.MiosaError) -> str:
    """Why something that is read only when a page shows it could not be read now."""
    if isinstance(error, miosa.BudgetSpent | miosa.RateLimited):
        return _("Too many requests right now. Try again in a moment.")
    if isinstance(error, miosa.Refused):
        return _("The hosting service refused the request.")
    return _("The hosting service can't be reached, so this may be out of date.")


def _explain_missing(error: miosa.MiosaError) -> str:
    if isinstance(error, miosa.NotFound | miosa.Gone | miosa.NotSupported):
        return _("There is no log for this.")
    if isinstance(error, miosa.BudgetSpent | miosa.RateLimited):
        return _("Too many requests right now. Try again in a moment.")
    if isinstance(error, miosa.Refused):
        return _("The hosting service refused to show the log.")
    return _("The log can't be read now: the hosting service can't be reached.")


def _page(log: Polled[Packed], *, is_finished: bool, by: Person) -> LogPage:
    """The latest text that was read, also while nothing newer can be read."""
    missing = _explain_missing(log.error()) if log.error else ""
    complete = is_finished and (not missing or log.is_absent)
    if log.value is None:
        return LogPage("", complete, truncated=False, missing=missing or _("Nothing has been logged yet."))
    text = zlib.decompress(log.value.body).decode()
    if not missing and not text.strip():
        missing = _("The log is empty.") if is_finished else _("Nothing has been logged yet.")
    return LogPage(
        text=text if by.is_staff else log_text.scrub(text),
        complete=complete,
        truncated=log.value.is_truncated,
        missing=missing,
        as_of=log.as_of if log.error else None,
    )


def _find(
    version: Version, deployment: Deployment, *, customer: Customer, stage: str, now: datetime
) -> Polled[Packed] | None:
    """The log as it is stored, or as it was read for all who watch it; None if there can't be one."""
    kept = KeptLog.objects.filter(version=version, stage=stage).first()
    if kept is not None:
        packed = Packed(bytes(kept.body), kept.is_truncated, kept.failure)
        return Polled(packed, kept.read_at, now, 0, is_final=True)
    if not version.is_readable or version.gone_at is not None or deployment.gone_at is not None:
        return None

    def fetch(client: miosa.Client) -> Packed:
        text = client.versions.logs(deployment.miosa_id, version.miosa_id, stage=stage or None)
        return _store(version, text, stage=stage, now=now)

    return polling.poll(
        f"log:{version.pk}:{stage}", fetch, customer_id=customer.pk, is_final=_is_finished(version), now=now
    )


def _store(version: Version, text: miosa.LogText, *, stage: str, now: datetime) -> Packed:
    """A log that will not grow any more is stored, its end if it is very long."""
    packed = _pack(text, is_truncated=not text.complete, is_failed=version.state == "failed")
    if _is_finished(version) and (text.complete or len(text) > _MOST_CHARACTERS):
        facts = {
            "body": packed.body,
            "is_truncated": packed.is_truncated,
            "failure": packed.failure,
            "read_at": now,
        }
        KeptLog.objects.update_or_create(version=version, stage=stage, defaults=facts)
    return packed


def _pack(log: miosa.LogText, *, is_truncated: bool, is_failed: bool = False) -> Packed:
    """The end of a very long log."""
    text = str(log)[-_MOST_CHARACTERS:]
    return Packed(
        zlib.compress(text.encode(), 6),
        is_truncated or len(log) > _MOST_CHARACTERS,
        log_text.find_failure(terminal.to_plain(text).split("\n")) if is_failed else "",
    )


def _is_finished(version: Version) -> bool:
    return version.state in _FINISHED
