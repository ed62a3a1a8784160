"""The state of this installation, for the settings page of operators. Reads tables and settings; asks MIOSA nothing."""

from __future__ import annotations

import platform
import tomllib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q
from django.http.request import validate_host
from django.utils.translation import gettext as _

from portal import heartbeat
from portal.config import BASE_DIR
from portal.models import Connection, Customer, Freshness, Operation
from portal.models.freshness import SWEEP
from portal.permissions import Permission, Person
from portal.services import authorization, rates
from portal.services.audit import verify
from portal.services.mails import reports
from portal.services.mails.reports import MailState
from portal.services.queries import reachability
from portal.services.queries.reachability import Status

# Of a key, no more than this many characters at its end are shown, and none of a short one.
_SHOWN_OF_KEY = 4
_SHORTEST_KEY = 16
# Without a heartbeat for this long, nothing works in the background.
_SILENT_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class MiosaState:
    """`budget_left` and `budget_size` are requests that can be sent at once. `overdue_since`: since when the oldest of
    the data that should be read again is waiting for it.

    `refused` counts, by the code of the error, what MIOSA refused to show when it was last read: a scope that the key
    lacks shows here.
    """

    base_url: str
    masked_key: str
    tenant: str
    is_demo: bool
    status: Status
    last_answer_at: datetime | None
    last_change_at: datetime | None
    refused: tuple[tuple[str, int], ...]
    budget_left: int
    budget_size: int
    per_minute: int
    sweep_at: datetime | None
    overdue_since: datetime | None
    overdue_count: int
    customers_count: int


@dataclass(frozen=True, slots=True)
class WorkerState:
    """`silent_s`: seconds since the last heartbeat of any worker, None without one for a day."""

    silent_s: float | None
    waiting_operations: int
    unknown_operations: int

    @property
    def is_running(self) -> bool:
        return self.silent_s is not None and self.silent_s < _SILENT_AFTER_S


@dataclass(frozen=True, slots=True)
class AddressState:
    """`warnings` are what is wrong with the address of the portal, in sentences."""

    url: str
    hosts: tuple[str, ...]
    is_https: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """`versions` are names with their versions, `audit_head` the number and digest of the last event."""

    miosa: MiosaState
    worker: WorkerState
    mails: MailState
    address: AddressState
    versions: tuple[tuple[str, str], ...]
    audit_head: tuple[int, str]


def get_installation(*, by: Person, now: datetime) -> Installation:
    """Raises NotFound without the permission."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    head = verify.get_head()
    return Installation(
        miosa=_get_miosa(now=now),
        worker=_get_worker(),
        mails=reports.get_state(by=by),
        address=get_address(),
        versions=_list_versions(),
        audit_head=(head.number, head.digest),
    )


def mask_key(key: str) -> str:
    return f"…{key[-_SHOWN_OF_KEY:]}" if len(key) >= _SHORTEST_KEY else "…"


def _get_miosa(*, now: datetime) -> MiosaState:
    row = Connection.objects.select_related("bucket").first()
    share = rates.get_installation_share()
    overdue = Freshness.objects.filter(wanted_at__lt=now).aggregate(since=Min("wanted_at"), count=Count("pk"))
    refused = Freshness.objects.exclude(error="").exclude(error__in=_PASSING).values_list("error")
    return MiosaState(
        base_url=settings.MIOSA.base_url,
        masked_key=mask_key(settings.MIOSA.api_key),
        tenant=row.tenant_id if row is not None else "",
        is_demo=settings.MIOSA.is_demo,
        status=reachability.get_status(row, is_stale=False, now=now),
        last_answer_at=row.last_ok_at if row is not None else None,
        last_change_at=_find_last_change(),
        refused=tuple(refused.annotate(count=Count("pk")).order_by("error")),
        budget_left=int(share.filled(row.bucket, now=now.timestamp()) if row and row.bucket else share.capacity),
        budget_size=int(share.capacity),
        per_minute=settings.MIOSA.rpm,
        sweep_at=Freshness.objects.filter(scope=SWEEP).values_list("read_at", flat=True).first(),
        overdue_since=overdue["since"],
        overdue_count=overdue["count"],
        customers_count=Customer.objects.filter(is_unassigned=False).count(),
    )


_PASSING = reachability.BUDGET_CODES | reachability.OUTAGE_CODES


def _find_last_change() -> datetime | None:
    done = Operation.objects.filter(state=Operation.State.SUCCEEDED).order_by("-pk")
    return done.values_list("settled_at", flat=True).first()


def _get_worker() -> WorkerState:
    counts = Operation.objects.aggregate(
        waiting=Count("pk", filter=Q(state__in=(Operation.State.ACCEPTED, Operation.State.SENT))),
        unknown=Count("pk", filter=Q(state=Operation.State.UNKNOWN)),
    )
    return WorkerState(heartbeat.age_s(), counts["waiting"], counts["unknown"])


def get_address() -> AddressState:
    url, is_https = settings.PORTAL_URL, settings.SESSION_COOKIE_SECURE
    parts = urlsplit(url)
    host = parts.hostname or ""
    warnings = []
    if not validate_host(host, settings.ALLOWED_HOSTS):
        warnings.append(_("The host name %(host)s is not in ALLOWED_HOSTS.") % {"host": host})
    if not settings.MIOSA.is_demo and parts.scheme != "https":
        warnings.append(_("Links in mails don’t begin with https://: set PORTAL_URL."))
    if parts.scheme == "https" and not is_https:
        warnings.append(_("People use https, but the setting HTTPS is off: cookies are not marked as secure."))
    return AddressState(url, tuple(settings.ALLOWED_HOSTS), is_https, tuple(warnings))


def _list_versions() -> tuple[tuple[str, str], ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        database = str(cursor.fetchone()[0])
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return (
        (_("Portal"), str(project["version"])),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        (connection.display_name, database),
    )
