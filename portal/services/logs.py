"""A version's log: asked for once, kept compressed when it will not grow any more, scrubbed for customers."""

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from portal import miosa
from portal.access import Person
from portal.models import Customer, Deployment, KeptLog, Version
from portal.services import upstream
from portal.services.budget import Purpose

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
_NOTHING_FOR_S = 60


@dataclass(frozen=True, slots=True)
class LogPage:
    """A version's log as text, with ANSI sequences as the build wrote them. `missing` says in words why there is none.

    `complete`: it will not grow. `truncated`: the end of a very long log is shown.
    """

    text: str
    complete: bool
    truncated: bool
    missing: str


def read(
    version: Version, deployment: Deployment, *, customer: Customer, by: Person, stage: str, now: datetime
) -> LogPage:
    """Raises nothing: what went wrong is in `missing`."""
    stage = stage if stage in STAGES else ""
    kept = _kept(version, deployment, customer=customer, stage=stage, now=now)
    if isinstance(kept, LogPage):
        return kept
    text = zlib.decompress(kept.body).decode()
    shown = text if by.is_staff else scrub(text)
    missing = "" if text.strip() else _("The log is empty.")
    return LogPage(text=shown, complete=_is_finished(version), truncated=kept.is_truncated, missing=missing)


def find_failure(version: Version, deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> str:
    """The line of its log that says why a version failed; empty if there is no log or no such line."""
    kept = _kept(version, deployment, customer=customer, stage="", now=now)
    if isinstance(kept, LogPage):
        return ""
    return kept.failure if by.is_staff else scrub(kept.failure)


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


def _kept(
    version: Version, deployment: Deployment, *, customer: Customer, stage: str, now: datetime
) -> KeptLog | LogPage:
    """The log, from memory or just read; or a page that says why there is none."""
    kept = KeptLog.objects.filter(version=version, stage=stage).first()
    if kept is not None:
        return kept
    if not version.is_readable or version.gone_at is not None or deployment.gone_at is not None:
        return LogPage("", True, False, _("There is no log any more."))
    nothing = f"no-log:{version.pk}:{stage}"
    if cache.get(nothing):
        return LogPage("", _is_finished(version), False, _("There is no log for this."))
    try:
        ask = upstream.client(Purpose.READ, customer_id=customer.pk)
        told = ask.versions.logs(deployment.miosa_id, version.miosa_id, stage=stage or None)
    except miosa.MiosaError as error:
        if isinstance(error, miosa.NotFound | miosa.Gone | miosa.NotSupported):
            cache.set(nothing, 1, _NOTHING_FOR_S)
        return LogPage("", False, False, why_not(error))
    return _keep(version, told, stage=stage, now=now)


def _keep(version: Version, told: miosa.LogText, *, stage: str, now: datetime) -> KeptLog:
    """A log that will not grow any more is kept, its end if it is very long."""
    text = str(told)[-_MOST:]
    whole = told.complete and len(told) <= _MOST
    log = KeptLog(
        version=version,
        stage=stage,
        body=zlib.compress(text.encode(), 6),
        is_truncated=not whole,
        failure=failure_sentence(text)[:300] if version.state == "failed" else "",
        read_at=now,
    )
    if _is_finished(version) and (told.complete or len(told) > _MOST):
        facts = {name: getattr(log, name) for name in ("body", "is_truncated", "failure", "read_at")}
        KeptLog.objects.update_or_create(version=version, stage=stage, defaults=facts)
    return log


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
