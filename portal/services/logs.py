"""A version's log: shared by all who watch it grow, kept compressed when it will not, scrubbed for customers."""

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Customer, Deployment, KeptLog, Version
from portal.permissions import Person
from portal.services.sync import polling
from portal.services.sync.polling import Polled

STAGES = ("build", "runtime_install", "runtime_start")
_MOST = 2_000_000
_FINISHED = frozenset({"ready", "failed", "archived"})
_STORES = re.compile(r"\b(?:s3|gs|r2|minio|oci|docker)://[^\s\x1b\"'<>]+", re.IGNORECASE)
_INTERNAL = re.compile(r"\b(?:tnt|host|node|vm|user|svc|wh|evt|org)_[A-Za-z0-9_-]+", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){1,3}(?::\d+)?\b")
_VENDOR = re.compile("miosa", re.IGNORECASE)
_WORD = re.compile(r"[\w.-]")
_REST = re.compile(r"[\w.-]*")
_LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class LogPage:
    """A version's log as text, with ANSI sequences as the build wrote them. `missing` says in words why there is none,
    or nothing newer than `as_of`.

    `complete`: it will not grow. `truncated`: the end of a very long log is shown.
    """

    text: str
    complete: bool
    truncated: bool
    missing: str
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """A log's text, compressed. `is_truncated`: more existed. `failure` is the line that says what went wrong."""

    body: bytes
    is_truncated: bool
    failure: str = ""


def read(
    version: Version, deployment: Deployment, *, customer: Customer, by: Person, stage: str, now: datetime
) -> LogPage:
    """Raises nothing: what went wrong is in `missing`."""
    stage = stage if stage in STAGES else ""
    told = _find(version, deployment, customer=customer, stage=stage, now=now)
    if told is None:
        return LogPage("", True, False, _("There is no log any more."))
    return page_of(told, is_finished=_is_finished(version), by=by)


def find_failure(version: Version, deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> str:
    """The line of its log that says why a version failed; empty if there is no log or no such line."""
    told = _find(version, deployment, customer=customer, stage="", now=now)
    if told is None or told.value is None:
        return ""
    return told.value.failure if by.is_staff else scrub(told.value.failure)


def pack(told: miosa.LogText, *, is_truncated: bool, is_failed: bool = False) -> Packed:
    """The end of a very long log."""
    text = str(told)[-_MOST:]
    return Packed(
        zlib.compress(text.encode(), 6),
        is_truncated or len(told) > _MOST,
        failure_sentence(text)[:300] if is_failed else "",
    )


def page_of(told: Polled[Packed], *, is_finished: bool, by: Person) -> LogPage:
    """What was last read goes on being shown while nothing newer can be."""
    missing = why_not(told.error()) if told.error else ""
    complete = is_finished and (not missing or told.is_absent)
    if told.value is None:
        return LogPage("", complete, False, missing or _("Nothing was written yet."))
    text = zlib.decompress(told.value.body).decode()
    if not missing and not text.strip():
        missing = _("The log is empty.") if is_finished else _("Nothing was written yet.")
    return LogPage(
        text=text if by.is_staff else scrub(text),
        complete=complete,
        truncated=told.value.is_truncated,
        missing=missing,
        as_of=told.as_of if told.error else None,
    )


def scrub(text: str) -> str:
    """Without the hosting service's name, stores, internal ids and private addresses (docs/rules.md, 9)."""
    host = urlsplit(settings.MIOSA.base_url).hostname
    text = _STORES.sub("[…]", text)
    text = _INTERNAL.sub("[…]", text)
    text = _ADDRESS.sub("[…]", text)
    if host and "." in host and not host.replace(".", "").isdigit():
        text = text.replace(host, "[…]")
    return _without_vendor(text)


def failure_sentence(text: str) -> str:
    """The line of a log that says what went wrong: the last that speaks of an error, without colours and stamps."""
    plain = _ANSI.sub("", text)
    # Long lines are no sentences, and would take the expressions below a long time.
    lines = [line.strip()[:_LONGEST_LINE] for line in plain.splitlines() if line.strip()]
    telling = [line for line in lines if _ERROR.search(line)]
    for pattern in _TELLING:
        for line in reversed(telling):
            if pattern.search(line):
                return _trim(line)
    return _trim(telling[-1]) if telling else ""


def _find(
    version: Version, deployment: Deployment, *, customer: Customer, stage: str, now: datetime
) -> Polled[Packed] | None:
    """The log as it is kept, or as all who watch it share it; None if there can't be any."""
    kept = KeptLog.objects.filter(version=version, stage=stage).first()
    if kept is not None:
        packed = Packed(bytes(kept.body), kept.is_truncated, kept.failure)
        return Polled(packed, kept.read_at, now, 0, is_final=True)
    if not version.is_readable or version.gone_at is not None or deployment.gone_at is not None:
        return None

    def ask(client: miosa.Client) -> Packed:
        told = client.versions.logs(deployment.miosa_id, version.miosa_id, stage=stage or None)
        return _keep(version, told, stage=stage, now=now)

    return polling.poll(
        f"log:{version.pk}:{stage}", ask, customer_id=customer.pk, is_final=_is_finished(version), now=now
    )


def _keep(version: Version, told: miosa.LogText, *, stage: str, now: datetime) -> Packed:
    """A log that will not grow any more is kept, its end if it is very long."""
    packed = pack(told, is_truncated=not told.complete, is_failed=version.state == "failed")
    if _is_finished(version) and (told.complete or len(told) > _MOST):
        facts = {
            "body": packed.body,
            "is_truncated": packed.is_truncated,
            "failure": packed.failure,
            "read_at": now,
        }
        KeptLog.objects.update_or_create(version=version, stage=stage, defaults=facts)
    return packed


def why_not(error: miosa.MiosaError) -> str:
    """Why a log can't be shown."""
    if isinstance(error, miosa.NotFound | miosa.Gone | miosa.NotSupported):
        return _("There is no log for this.")
    if isinstance(error, miosa.BudgetSpent | miosa.RateLimited):
        return _("Many people are asking at once. Try again in a moment.")
    if isinstance(error, miosa.Refused):
        return _("The hosting service refused to show the log.")
    return _("The log can't be read now: the hosting service can't be reached.")


def why_unread(error: miosa.MiosaError) -> str:
    """Why something that is only asked for when somebody looks is not known now."""
    if isinstance(error, miosa.BudgetSpent | miosa.RateLimited):
        return _("Many people are asking at once. Try again in a moment.")
    if isinstance(error, miosa.Refused):
        return _("The hosting service refused to say.")
    return _("The hosting service can't be reached, so this may be out of date.")


def _is_finished(version: Version) -> bool:
    return version.state in _FINISHED


def _without_vendor(text: str) -> str:
    """Each word that holds the name, found from the name outwards: an expression over words would take for ever."""
    pieces, end = [], 0
    for found in _VENDOR.finditer(text):
        begin, stop = found.span()
        if begin < end:
            continue
        while begin > end and _WORD.match(text[begin - 1]):
            begin -= 1
        rest = _REST.match(text, stop)
        pieces += [text[end:begin], "[…]"]
        end = rest.end() if rest else stop
    return "".join((*pieces, text[end:]))


_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f]")
_ERROR = re.compile(
    r"error|fail|fatal|panic|exception|unhealthy|not found|cannot|refused|timed? ?out|\b[45]\d\d\b", re.IGNORECASE
)
_TELLING = (
    re.compile(r"health", re.IGNORECASE),
    re.compile(r"^(?:[\w.]*(?:Error|Exception)|error|fatal)\b.*[:!]", re.IGNORECASE),
    re.compile(r"\berror\b", re.IGNORECASE),
)
_STAMP = re.compile(r"^\[?\d{4}-\d\d-\d\d[T ][\d:.]+Z?\]?\s*|^\[?\d\d:\d\d:\d\d(?:\.\d+)?\]?\s*")


def _trim(line: str) -> str:
    line = _STAMP.sub("", line).strip()
    return line if len(line) <= 240 else line[:239] + "…"
