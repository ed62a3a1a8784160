"""A version's log: asked for once, kept compressed when it will not grow any more, scrubbed for customers."""

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
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
_VENDOR = re.compile(r"[\w.-]*miosa[\w.-]*", re.IGNORECASE)


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
    kept = KeptLog.objects.filter(version=version, stage=stage).first()
    if kept is not None:
        return _page(zlib.decompress(kept.body).decode(), complete=True, truncated=kept.is_truncated, by=by)
    if not version.is_readable or version.gone_at is not None or deployment.gone_at is not None:
        return LogPage("", True, False, _("There is no log any more."))
    ask = upstream.client(Purpose.READ, customer_id=customer.pk)
    try:
        told = ask.versions.logs(deployment.miosa_id, version.miosa_id, stage=stage or None)
    except miosa.Refused as error:
        if isinstance(error, miosa.NotFound | miosa.Gone | miosa.NotSupported):
            return LogPage("", version.state in _FINISHED, False, _("There is no log for this."))
        return LogPage("", False, False, _("The hosting service refused to show the log."))
    except miosa.BudgetSpent:
        return LogPage("", False, False, _("Many people are asking at once. Try again in a moment."))
    except miosa.MiosaError:
        return LogPage("", False, False, _("The log can't be read now: the hosting service can't be reached."))
    text = str(told)
    truncated = len(text) > _MOST or not told.complete
    text = text[-_MOST:]
    finished = version.state in _FINISHED
    if finished and told.complete:
        KeptLog.objects.update_or_create(
            version=version,
            stage=stage,
            defaults={"body": zlib.compress(text.encode(), 6), "is_truncated": truncated, "read_at": now},
        )
    return _page(text, complete=finished, truncated=truncated, by=by)


def scrub(text: str) -> str:
    """Without the hosting service's name, stores, internal ids and private addresses (product.md, rule 9)."""
    host = urlsplit(settings.MIOSA.base_url).hostname
    text = _STORES.sub("[…]", text)
    text = _INTERNAL.sub("[…]", text)
    text = _ADDRESS.sub("[…]", text)
    if host and "." in host and not host.replace(".", "").isdigit():
        text = text.replace(host, "[…]")
    return _VENDOR.sub("[…]", text)


def failure_sentence(text: str) -> str:
    """The line of a log that says what went wrong: the last that speaks of an error, without colours and stamps."""
    plain = _ANSI.sub("", text)
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    telling = [line for line in lines if _ERROR.search(line)]
    for pattern in _TELLING:
        for line in reversed(telling):
            if pattern.search(line):
                return _trim(line)
    return _trim(telling[-1]) if telling else ""


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


def _page(text: str, *, complete: bool, truncated: bool, by: Person) -> LogPage:
    shown = text if by.is_staff else scrub(text)
    missing = "" if text.strip() else _("The log is empty.")
    return LogPage(text=shown, complete=complete, truncated=truncated, missing=missing)
