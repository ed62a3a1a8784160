"""What the worker does for operations: run slow ones, finish what a dead process left, find out, follow up, check.

It keeps no state: what is due is read from the journal on each turn, and every step is claimed there first.
"""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connection
from django.utils import timezone

from portal.models import Operation
from portal.models.operations import is_due as is_moment_due
from portal.services.operations import check, reconcile

logger = logging.getLogger(__name__)

TURN_S = 0.25
# A call that may take a minute has threads of its own, so that reads and checks never wait behind it. Both pools
# together leave some of the 20 connections to MIOSA for reading.
_QUICK_THREADS = 8
_SLOW_THREADS = 10
_MOST_AT_ONCE = 50
# A step that raised (a locked database, a bug) is not tried again at once.
_RETRY_AFTER_S = 5.0


class Pool:
    """Threads, and the primary keys of the operations they work on."""

    def __init__(self, name: str, threads: int) -> None:
        self.threads = threads
        self.executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self.busy: set[int] = set()


class Driver:
    """Runs due steps in two pools. `paused` maps operations whose last step raised to the time of their next one."""

    def __init__(self) -> None:
        self.quick, self.slow = Pool("operation", _QUICK_THREADS), Pool("slow-operation", _SLOW_THREADS)
        self.paused: dict[int, float] = {}

    def run(self, stopping: threading.Event) -> None:
        with self.quick.executor, self.slow.executor:
            while not stopping.wait(TURN_S):
                try:
                    self.start_due()
                except Exception as error:  # noqa: BLE001 - whatever happens, the next turn has to come
                    logger.warning("driver waits for the database", extra={"reason": type(error).__name__})
                    connection.close()
        connection.close()

    def start_due(self) -> None:
        self.paused = {pk: until for pk, until in self.paused.items() if until > time.monotonic()}
        now = timezone.now()
        for operation in list_due(now=now):
            pool = self.slow if reconcile.may_take_long(operation, now=now) else self.quick
            is_free = operation.pk not in self.quick.busy | self.slow.busy and operation.pk not in self.paused
            if is_free and len(pool.busy) < pool.threads:
                pool.busy.add(operation.pk)
                pool.executor.submit(self.run_one, operation, pool)

    def run_one(self, operation: Operation, pool: Pool) -> None:
        try:
            run_step(operation)
        except Exception:  # one operation that fails must not end the others
            logger.exception("operation step failed", extra={"operation": str(operation.key)})
            self.paused[operation.pk] = time.monotonic() + _RETRY_AFTER_S
        finally:
            connection.close()
            pool.busy.discard(operation.pk)


def run(stopping: threading.Event) -> None:
    """Run due steps until `stopping` is set; then finish what is under way."""
    Driver().run(stopping)


def list_due(*, now: datetime) -> list[Operation]:
    """The operations with a step to do now, oldest first."""
    rows = Operation.objects.all()
    found: dict[int, Operation] = {}
    for due in (
        rows.unattended(now=now).filter(state=Operation.State.ACCEPTED),
        rows.unattended(now=now).filter(state=Operation.State.SENT),
        rows.due("look_at", now=now),
        rows.due("check_due_at", now=now),
    ):
        found |= {operation.pk: operation for operation in due.order_by("pk")[:_MOST_AT_ONCE]}
    return [found[pk] for pk in sorted(found)]


def run_step(operation: Operation) -> None:
    """One step of one operation."""
    now = timezone.now()
    if reconcile.is_due(operation, now=now):
        reconcile.step(operation, now=now)
    elif is_moment_due(operation.check_due_at, now=now):
        check.check_app(operation, now=now)
