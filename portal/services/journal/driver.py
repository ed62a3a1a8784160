"""In the worker: carries out what takes long, finishes what a dead process left, looks into what is unknown, checks
what is live.

It keeps nothing to itself: what is due is read from the journal at each turn, and every step is claimed there first.
"""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connection
from django.utils import timezone

from portal.models import Operation
from portal.services.journal import beats, checking, settling

logger = logging.getLogger(__name__)

TURN_S = 0.25
_THREADS = 8
_AT_ONCE = 50
# A step that could not be done (a database that is locked, a fault of ours) is not tried again at once.
_REST_S = 5.0


class Driver:
    """`busy` are the operations that a thread is at.

    `resting` those whose last step went wrong, with the time it is over.
    """

    def __init__(self) -> None:
        self.busy: set[int] = set()
        self.resting: dict[int, float] = {}

    def run(self, stopping: threading.Event) -> None:
        with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="operation") as pool:
            while not stopping.wait(TURN_S):
                try:
                    self.turn(pool)
                except Exception as error:  # noqa: BLE001 - whatever happens, the next turn has to come
                    logger.warning("driver waits for the database", extra={"reason": type(error).__name__})
                    connection.close()
        connection.close()

    def turn(self, pool: ThreadPoolExecutor) -> None:
        self.resting = {pk: until for pk, until in self.resting.items() if until > time.monotonic()}
        for operation in list_due(now=timezone.now()):
            if len(self.busy) < _THREADS and operation.pk not in self.busy and operation.pk not in self.resting:
                self.busy.add(operation.pk)
                pool.submit(self.work, operation)

    def work(self, operation: Operation) -> None:
        try:
            work(operation)
        except Exception:  # one operation that can't be worked on must not end the others
            logger.exception("operation step failed", extra={"operation": str(operation.key)})
            self.resting[operation.pk] = time.monotonic() + _REST_S
        finally:
            connection.close()
            self.busy.discard(operation.pk)


def run(stopping: threading.Event) -> None:
    """Turn until told to stop; then what is under way is finished."""
    Driver().run(stopping)


def list_due(*, now: datetime) -> list[Operation]:
    """The operations that a turn has something to do for, oldest first."""
    unsettled = Operation.objects.filter(state__in=[Operation.State.ACCEPTED, Operation.State.SENT])
    to_look = Operation.objects.filter(look_at__lte=now)
    to_check = Operation.objects.filter(check_due_at__lte=now)
    found: dict[int, Operation] = {}
    for rows in (unsettled.filter(beats.nobody(now)), to_look, to_check):
        found |= {operation.pk: operation for operation in rows.order_by("pk")[:_AT_ONCE]}
    return [found[pk] for pk in sorted(found)]


def work(operation: Operation) -> None:
    """One step of one operation."""
    now = timezone.now()
    if settling.is_due(operation, now=now):
        settling.step(operation, now=now)
    elif operation.check_due_at is not None and operation.check_due_at <= now:
        checking.check(operation, now=now)
