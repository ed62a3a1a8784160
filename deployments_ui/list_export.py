"""Rows of the CSV files of histories, operations and customers: the first 10,000 rows, in the page's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from itertools import islice

from django.http import StreamingHttpResponse
from django.utils import timezone

from deployments_ui import csv_export, formats
from deployments_ui.labels.operations import get_operation_label
from deployments_ui.labels.people import with_role
from deployments_ui.labels.states import get_activation_label, get_version_label, kind
from portal.services.queries.customer_list import CustomerRow
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.timeline_schemas import ActivationEntry, TimelineEntry, VersionEntry

MOST_ROWS = 10_000
HISTORY = (
    "at", "local_time", "app", "event", "version", "from_version", "note", "who", "reason", "build_s", "live_from",
    "live_until", "kind", "files", "bytes", "app_id", "version_id", "operation",
)  # fmt: skip
OPERATIONS = (
    "at", "local_time", "customer", "app", "operation", "version", "from_version", "who", "reason", "problem", "app_id",
    "version_id", "key",
)  # fmt: skip
CUSTOMERS = (
    "customer", "slug", "tags", "apps", "live", "failed", "stopped", "on_rollback", "domains", "staged", "at",
    "local_time", "is_read",
)  # fmt: skip

Facts = dict[str, object]


def export_history(entries: Iterable[TimelineEntry], *, slug: str, now: datetime) -> StreamingHttpResponse:
    return _respond(HISTORY, map(_describe_entry, entries), name=f"history-{slug}", now=now)


def export_operations(operations: Iterable[OperationPage], *, slug: str, now: datetime) -> StreamingHttpResponse:
    """`slug` is empty for those of all customers."""
    name = f"operations-{slug}" if slug else "operations"
    return _respond(OPERATIONS, map(_describe_operation, operations), name=name, now=now)


def export_customers(found: Iterable[CustomerRow], *, now: datetime) -> StreamingHttpResponse:
    return _respond(CUSTOMERS, map(_describe_customer, found), name="customers", now=now)


def _respond(columns: Sequence[str], found: Iterable[Facts], *, name: str, now: datetime) -> StreamingHttpResponse:
    """`at` is in UTC, and `local_time` the same in the reader's zone with its offset, both by ISO 8601.

    The zone is read here: rows are written when the request has ended.
    """
    zone = timezone.get_current_timezone()
    rows = (_list_cells(columns, facts, zone) for facts in islice(found, MOST_ROWS))
    return csv_export.respond(columns, rows, name=f"{name}-{now.astimezone(zone):%Y-%m-%d}")


def _list_cells(columns: Sequence[str], facts: Facts, zone: tzinfo) -> list[object]:
    at = facts.get("at")
    if isinstance(at, datetime):
        facts |= {"at": formats.iso(at), "local_time": at.astimezone(zone).isoformat(timespec="seconds")}
    return [facts.get(name) for name in columns]


def _describe_entry(entry: TimelineEntry) -> Facts:
    facts: Facts = {"at": entry.at, "app": entry.deployment_name, "app_id": entry.deployment_id}
    if isinstance(entry, VersionEntry):
        version = entry.version
        return facts | {
            "event": get_version_label(entry).word,
            "version": version.number,
            "version_id": version.id,
            "who": with_role(version.who, version.role),
            "note": version.note,
            "reason": version.reason,
            "build_s": None if version.build_s is None else round(version.build_s),
            "live_from": _show_time(version.live_from),
            "live_until": _show_time(version.live_until),
            "kind": kind(version.kind),
            "files": version.files,
            "bytes": version.total_bytes,
        }
    facts |= {"version": entry.number, "version_id": entry.version_id, "from_version": entry.from_number}
    if isinstance(entry, ActivationEntry):
        return facts | {"event": get_activation_label(entry).word, "who": entry.who, "reason": entry.reason}
    return facts | {
        "event": get_operation_label(entry).word,
        "who": with_role(entry.who, entry.role),
        "reason": entry.reason,
        "operation": entry.key,
    }


def _describe_operation(operation: OperationPage) -> Facts:
    verdict = operation.verdict_text if operation.verdict == "bad" else ""
    return {
        "at": operation.requested_at,
        "customer": operation.customer_name,
        "app": operation.deployment_name,
        "operation": get_operation_label(operation).word,
        "version": operation.number,
        "from_version": operation.from_number,
        "who": with_role(operation.who, operation.role),
        "reason": operation.reason,
        "problem": operation.failure or operation.error or verdict,
        "app_id": operation.deployment_id,
        "version_id": operation.version_id,
        "key": operation.key,
    }


def _describe_customer(row: CustomerRow) -> Facts:
    """`at` is when it last published. While not everything was read, both it and the number of apps may change."""
    return {
        "at": row.last_published_at,
        "customer": row.customer.name,
        "slug": row.customer.slug,
        "tags": ", ".join(row.tags),
        "apps": row.deployments_count,
        **{name: getattr(row.apps, name) for name in ("live", "failed", "stopped", "on_rollback", "domains", "staged")},
        "is_read": "no" if row.is_unread else "yes",
    }


def _show_time(at: datetime | None) -> str:
    return formats.iso(at) if at else ""
