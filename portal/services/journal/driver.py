"""In the worker: carries out what takes long, finishes what a dead process left, looks into what is unknown, checks what is live.

It keeps nothing to itself: what is due is read from the journal at each turn, and every step is claimed there first.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone

from portal.models import Operation
from portal.services.journal import checking, settling

logger = logging.getLogger(__name__)

TURN_S = 0.25
_THREADS = 8
_OPEN = (Operation.State.ACCEPTED, Operation.State.SENT, Operation.State.UNKNOWN)


def run(stopping: threading.Event) -> None:
    """Turn until told to stop; then what is under way is finished."""
    busy: set[int] = set()
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="operation") as pool:
        while not stopping.wait(TURN_S):
            try:
                for operation in list_due(now=timezone.now()):
                    if operation.pk not in busy and len(busy) < _THREADS:
                        busy.add(operation.pk)
                        pool.submit(_work, operation, busy)
            except DatabaseError as error:
                logger.warning("driver waits for the database", extra={"reason": type(error).__name__})
                connection.close()
    connection.close()


def list_due(*, now: datetime) -> list[Operation]:
    """The operations that a turn has something to do for, oldest first."""
    rows = Operation.objects.filter(
        Q(state__in=_OPEN) | Q(look_at__lte=now) | Q(check_due_at__lte=now, state=Operation.State.SUCCEEDED)
    ).order_by("pk")
    return [
        operation for operation in rows[:200] if settling.is_due(operation, now=now) or _check_due(operation, now=now)
    ]


def work(operation: Operation) -> None:
    """One step of one operation."""
    now = timezone.now()
    if settling.is_due(operation, now=now):
        settling.step(operation, now=now)
    elif _check_due(operation, now=now):
        checking.check(operation, now=now)


def _work(operation: Operation, busy: set[int]) -> None:
    try:
        work(operation)
    except Exception:  # one operation that can't be worked on must not end the others
        logger.exception("operation step failed", extra={"operation": str(operation.key)})
    finally:
        connection.close()
        busy.discard(operation.pk)


def _check_due(operation: Operation, *, now: datetime) -> bool:
    due = operation.check_due_at
    return operation.state == Operation.State.SUCCEEDED and due is not None and due <= now
