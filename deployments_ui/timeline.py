"""A timeline as its template shows it: rows by the reader's day, each with its times, label and text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from deployments_ui import formats
from deployments_ui.formats import Clock
from deployments_ui.labels import version_texts
from deployments_ui.labels.base import Label
from deployments_ui.labels.operations import get_timeline_label
from deployments_ui.labels.states import get_activation_label, get_version_label
from deployments_ui.labels.version_texts import VersionText
from portal.services.queries.timeline_schemas import ActivationEntry, OperationEntry, TimelineEntry


class Row(NamedTuple):
    """`hour` is shown and `exact` on hover. `text` is that of a version, else None."""

    entry: TimelineEntry
    iso: str
    exact: str
    hour: str
    label: Label
    text: VersionText | None


class Day(NamedTuple):
    """`label` stands in the margin, `name` is for those who can't see where; `key` is for ids."""

    key: str
    label: str
    name: str
    rows: list[Row]


def by_day(entries: Iterable[TimelineEntry]) -> Iterator[Day]:
    """Newest first."""
    now = timezone.now()
    clock = Clock.of_reader(now)
    for day, group in clock.by_day(entries):
        rows = [_row(entry, local, clock, now) for local, entry in group]
        yield Day(day.isoformat(), clock.day_label(day), clock.day_name(day), rows)


def _row(entry: TimelineEntry, local: datetime, clock: Clock, now: datetime) -> Row:
    """`local` is the entry's time in the reader's zone."""
    text = None
    if isinstance(entry, ActivationEntry):
        label = get_activation_label(entry)
    elif isinstance(entry, OperationEntry):
        label = get_timeline_label(entry)
    else:
        label = get_version_label(entry, clock.language)
        text = version_texts.describe(entry, now, clock.language)
    return Row(entry, formats.iso(entry.at), clock.exact(local), clock.hour(local), label, text)
