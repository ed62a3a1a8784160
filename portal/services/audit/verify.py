"""Whether the audit log is what was once recorded: no row changed, removed, exchanged or cut off."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, connection

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
    if AuditHead.objects.exclude(sealed_until=0).exists():
        yield "The head of the log lets rows be deleted. `manage.py audit protect` forbids it again."
    last: AuditEvent | None = None
    try:
        closing = _find_last_closing()
        for event in AuditEvent.objects.order_by("number").iterator(chunk_size=_CHUNK):
            yield from _check_place(event, last, closing)
            if not _has_own_digest(event):
                yield f"Row {event.number} was changed."
            if expected is not None and event.number == expected.number and event.digest != expected.digest:
                yield f"Row {event.number} is not the one that the log file names."
            last = event
    except (ValueError, TypeError, DatabaseError) as error:  # SQLite stores anything in any column
        yield f"A row was changed so that it can't be read, after row {last.number if last else 0}: {error}"
        return
    yield from _check_end(last, expected)


def _has_own_digest(event: AuditEvent) -> bool:
    try:
        return event.digest == chain.get_digest(event)
    except (ValueError, TypeError, AttributeError):  # a value that is none of its column
        return False


def _find_last_closing() -> Head:
    """The last row that was deleted on purpose, as its closing event names it; that event is checked like others."""
    event = AuditEvent.objects.filter(kind=DELETED).order_by("-number").first()
    match event.after if event is not None else None:
        case {"until": int(until), "until_digest": str(digest)}:
            return Head(until, digest)
    return Head(0, chain.FIRST)


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
    elif head.number < end.number:
        yield f"The head of the log names row {head.number} as the last one, and it is row {end.number}."
    elif head != end:
        yield f"The head of the log has not the digest of the last row, {end.number}."
    if expected is not None and expected.number > max(end.number, head.number):
        yield _describe_gap(end.number + 1, expected.number)


def _describe_gap(first: int, last: int) -> str:
    return f"Row {first} is missing." if first == last else f"Rows {first} to {last} are missing."
