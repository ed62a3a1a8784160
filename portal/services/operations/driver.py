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
from portal.services.operations import beats, checking, due, settling

logger = logging.getLogger(__name__)

TURN_S = 0.25
# What may hold its thread for a minute has threads of its own, so that looks and checks never wait behind it. Both
# together leave some of the connections to MIOSA (20) to reading.
_THREADS = 8
_THREADS_OF_SLOW = 10
_AT_ONCE = 50
# A step that could not be done (a database that is locked, a fault of ours) is not tried again at once.
_REST_S = 5.0


class Crew:
    """Threads, and the operations that they are at."""

    def __init__(self, name: str, threads: int) -> None:
        self.threads = threads
        self.pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self.busy: set[int] = set()


class Driver:
    """`quick` and `slow` have threads of their own.

    `resting` are the operations whose last step went wrong, with the time it is over.
    """

    def __init__(self) -> None:
        self.quick, self.slow = Crew("operation", _THREADS), Crew("slow-operation", _THREADS_OF_SLOW)
        self.resting: dict[int, float] = {}

    def run(self, stopping: threading.Event) -> None:
        with self.quick.pool, self.slow.pool:
            while not stopping.wait(TURN_S):
                try:
                    self.turn()
                except Exception as error:  # noqa: BLE001 - whatever happens, the next turn has to come
                    logger.warning("driver waits for the database", extra={"reason": type(error).__name__})
                    connection.close()
        connection.close()

    def turn(self) -> None:
        self.resting = {pk: until for pk, until in self.resting.items() if until > time.monotonic()}
        now = timezone.now()
        for operation in list_due(now=now):
            crew = self.slow if settling.may_take_long(operation, now=now) else self.quick
            is_free = operation.pk not in self.quick.busy | self.slow.busy and operation.pk not in self.resting
            if is_free and len(crew.busy) < crew.threads:
                crew.busy.add(operation.pk)
                crew.pool.submit(self.work, operation, crew)

    def work(self, operation: Operation, crew: Crew) -> None:
        try:
            work(operation)
        except Exception:  # one operation that can't be worked on must not end the others
            logger.exception("operation step failed", extra={"operation": str(operation.key)})
            self.resting[operation.pk] = time.monotonic() + _REST_S
        finally:
            connection.close()
            crew.busy.discard(operation.pk)


def run(stopping: threading.Event) -> None:
    """Turn until told to stop; then what is under way is finished."""
    Driver().run(stopping)


def list_due(*, now: datetime) -> list[Operation]:
    """The operations that a turn has something to do for, oldest first."""
    accepted = Operation.objects.filter(beats.nobody(now), state=Operation.State.ACCEPTED)
    left = Operation.objects.filter(beats.nobody(now), state=Operation.State.SENT)
    to_look = Operation.objects.filter(due.rows("look_at", now=now))
    to_check = Operation.objects.filter(due.rows("check_due_at", now=now))
    found: dict[int, Operation] = {}
    for rows in (accepted, left, to_look, to_check):
        found |= {operation.pk: operation for operation in rows.order_by("pk")[:_AT_ONCE]}
    return [found[pk] for pk in sorted(found)]


def work(operation: Operation) -> None:
    """One step of one operation."""
    now = timezone.now()
    if settling.is_due(operation, now=now):
        settling.step(operation, now=now)
    elif due.is_due(operation.check_due_at, now=now):
        checking.check(operation, now=now)
