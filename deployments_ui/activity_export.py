"""The audit log as a file, written while it is read, so that its length does not matter."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

from deployments_ui.labels.activity import describe_event, name_who
from portal.services.queries.activity import ActivityEvent

FORMATS = ("csv", "json")
COLUMNS = (
    "number", "at", "kind", "outcome", "sentence", "who", "email", "role", "way", "address", "customer", "target",
    "before", "after", "operation", "request_id",
)  # fmt: skip
# A spreadsheet would run such a cell as a formula (OWASP, "CSV injection").
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
ROWS_AT_ONCE = 100


class _Echo:
    """A file for csv.writer that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def export(events: Iterable[ActivityEvent], *, file_format: str, name: str) -> StreamingHttpResponse:
    """`name` is the file's, without its ending."""
    lines = write_csv(events) if file_format == "csv" else write_json(events)
    content_type = "text/csv; charset=utf-8" if file_format == "csv" else "application/json"
    response = StreamingHttpResponse(join(lines), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}.{file_format}"'
    return response


def write_csv(events: Iterable[ActivityEvent]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # without it Excel takes UTF-8 for something else
    yield writer.writerow(COLUMNS)
    for event in events:
        facts = describe(event)
        facts |= {name: json.dumps(facts[name], ensure_ascii=False) for name in ("before", "after") if facts[name]}
        yield writer.writerow([make_harmless(facts[name]) for name in COLUMNS])


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


def make_harmless(value: object) -> str:
    text = "" if value in (None, {}) else str(value)
    return f"'{text}" if FORMULA.match(text) else text


def join(lines: Iterable[str]) -> Iterator[str]:
    """Many lines at once, since each piece is sent on its own."""
    pieces: list[str] = []
    for line in lines:
        pieces.append(line)
        if len(pieces) == ROWS_AT_ONCE:
            yield "".join(pieces)
            pieces.clear()
    yield "".join(pieces)
