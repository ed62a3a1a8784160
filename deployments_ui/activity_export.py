"""The audit log as a file, written while it is read, so that its length does not matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

from deployments_ui import csv_export
from deployments_ui.labels.activity import describe_event, name_who
from portal.services.queries.activity import ActivityEvent

FORMATS = ("csv", "json")
COLUMNS = (
    "number", "at", "kind", "outcome", "sentence", "who", "email", "role", "way", "address", "customer", "target",
    "before", "after", "operation", "request_id",
)  # fmt: skip


def export(events: Iterable[ActivityEvent], *, file_format: str, name: str) -> StreamingHttpResponse:
    """`name` is the file's, without its ending."""
    if file_format == "csv":
        return csv_export.respond(COLUMNS, map(list_cells, events), name=name)
    return csv_export.stream(write_json(events), name=f"{name}.json", content_type="application/json")


def list_cells(event: ActivityEvent) -> list[object]:
    facts = describe(event)
    facts |= {name: json.dumps(facts[name], ensure_ascii=False) for name in ("before", "after") if facts[name]}
    return [facts[name] for name in COLUMNS]


def write_json(events: Iterable[ActivityEvent]) -> Iterator[str]:
    """One list, with an event on each line."""
    separator = "[\n"
    for event in events:
        yield separator + json.dumps(describe(event), ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def describe(event: ActivityEvent) -> dict[str, Any]:
    """Times are in UTC."""
    return {
        "number": event.number,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "outcome": event.outcome,
        "sentence": describe_event(event),
        "who": name_who(event),
        "email": event.email,
        "role": event.role,
        "way": event.way,
        "address": event.address,
        "customer": event.customer.name if event.customer else event.customer_name,
        "target": event.target,
        "before": {change.name: change.before for change in event.changes if change.before is not None},
        "after": {change.name: change.after for change in event.changes if change.after is not None},
        "operation": str(event.operation_key or ""),
        "request_id": event.request_id,
    }
