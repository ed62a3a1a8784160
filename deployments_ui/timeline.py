"""A timeline as its template shows it: rows by the reader's day, each with its times, label and facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from deployments_ui import formats
from deployments_ui.formats import Clock
from deployments_ui.labels.base import Label
from deployments_ui.labels.facts import version_facts
from deployments_ui.labels.operations import get_operation_label
from deployments_ui.labels.states import get_activation_label, get_version_label
from portal.services.queries.schemas import ActivationEntry, OperationEntry, TimelineEntry


class Row(NamedTuple):
    """`hour` is shown and `exact` on hover. `facts` are those of a version."""

    entry: TimelineEntry
    iso: str
    exact: str
    hour: str
    label: Label
    facts: str


def by_day(entries: Iterable[TimelineEntry]) -> Iterator[tuple[str, list[Row]]]:
    """The name of each day and its rows, newest first."""
    clock = Clock.of_reader()
    for day, group in clock.by_day(entries):
        yield clock.day_name(day), [_row(entry, local, clock) for local, entry in group]


def _row(entry: TimelineEntry, local: datetime, clock: Clock) -> Row:
    """`local` is the entry's time in the reader's zone."""
    facts = ""
    if isinstance(entry, ActivationEntry):
        label = get_activation_label(entry)
    elif isinstance(entry, OperationEntry):
        label = get_operation_label(entry)
    else:
        label = get_version_label(entry, clock.language)
        facts = version_facts(entry.version, entry.sandbox, clock.language)
    return Row(entry, formats.iso(entry.at), clock.exact(local), clock.hour(local), label, facts)
