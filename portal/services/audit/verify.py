"""Whether the audit log is what was once recorded: no row changed, removed, exchanged or cut off."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from portal import audit_triggers
from portal.models import AuditEvent, AuditHead
from portal.services.audit import chain
from portal.services.audit.retention import DELETED

logger = logging.getLogger(__name__)

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of the log at some time, as the worker writes it to the log file each day."""

    number: int
    digest: str


def get_head() -> Head:
    head = AuditHead.objects.filter(pk=AuditHead.ID).first()
    return Head(head.number, head.digest) if head is not None else Head(0, chain.FIRST)


def note_head() -> None:
    """Once a day by the worker: the log file is kept elsewhere than the database."""
    head = get_head()
    logger.info("audit head", extra={"head": f"{head.number}:{head.digest}"})


def find_faults(expected: Head | None = None) -> Iterator[str]:
    """A sentence for each fault, in the order of rows; nothing if the log is intact. Reads every row once.

    Somebody who can write to the database can cut off its end and the head with it. Only an `expected` head, kept
    elsewhere, shows that.
    """
    if not audit_triggers.exist(connection):
        yield "The triggers that protect the log are missing. `manage.py audit protect` creates them again."
    closing = _find_last_closing()
    last: AuditEvent | None = None
    for event in AuditEvent.objects.order_by("number").iterator(chunk_size=_CHUNK):
        yield from _check_place(event, last, closing)
        if event.digest != chain.get_digest(event):
            yield f"Row {event.number} was changed."
        if expected is not None and event.number == expected.number and event.digest != expected.digest:
            yield f"Row {event.number} is not the one that the log file names."
        last = event
    yield from _check_end(last, expected)


def _find_last_closing() -> Head:
    """The last row that was deleted on purpose, as its closing event names it; that event is checked like others."""
    event = AuditEvent.objects.filter(kind=DELETED).order_by("-number").first()
    facts = (event.after or {}) if event is not None else {}
    return Head(facts.get("until", 0), facts.get("until_digest", chain.FIRST))


def _check_place(event: AuditEvent, last: AuditEvent | None, closing: Head) -> Iterator[str]:
    before = last.number if last is not None else 0
    if last is None and event.number - 1 <= closing.number:
        # A deletion that was interrupted leaves the last rows of its range, which lead up to the row it names.
        if event.number - 1 == closing.number and event.previous != closing.digest:
            yield f"Row {event.number} does not follow the last row that was deleted, {closing.number}."
    elif event.number != before + 1:
        yield _describe_gap(before + 1, event.number - 1)
    elif last is not None and event.previous != last.digest:
        yield f"Row {event.number} does not follow row {last.number}."
    if event.number == closing.number and event.digest != closing.digest:
        yield f"Row {event.number} is not the one that was to be deleted."


def _check_end(last: AuditEvent | None, expected: Head | None) -> Iterator[str]:
    """`last` is the last row there is."""
    end = Head(last.number, last.digest) if last is not None else Head(0, chain.FIRST)
    head = get_head()
    if head.number > end.number:
        yield _describe_gap(end.number + 1, head.number)
    elif head != end:
        yield f"The head of the log names row {head.number} as the last one, and it is row {end.number}."
    if expected is not None and expected.number > max(end.number, head.number):
        yield _describe_gap(end.number + 1, expected.number)


def _describe_gap(first: int, last: int) -> str:
    return f"Row {first} is missing." if first == last else f"Rows {first} to {last} are missing."
