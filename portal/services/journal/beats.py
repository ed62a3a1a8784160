"""Who is carrying an operation out, and whether that process still lives: a beat each second, dead after three without one."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone

from portal.models import Operation

EVERY_S = 1.0
DEAD_AFTER = timedelta(seconds=3)


@contextmanager
def beating(operation: Operation) -> Iterator[None]:
    """Renew the operation's beat each second for as long as the block runs."""
    stop = threading.Event()

    def beat() -> None:
        try:
            while not stop.wait(EVERY_S):
                try:
                    Operation.objects.filter(pk=operation.pk, runner=operation.runner).update(beat_at=timezone.now())
                except DatabaseError:
                    # A beat missed because the database is busy; the next one comes in a second.
                    continue
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()


def claim(operation: Operation, *, now: datetime) -> bool:
    """Take over an operation whose process died or that nobody carries. False if somebody has it."""
    free = Q(runner="") | Q(beat_at=None) | Q(beat_at__lt=now - DEAD_AFTER)
    runner = new_runner()
    won = Operation.objects.filter(free, pk=operation.pk, state=operation.state).update(runner=runner, beat_at=now)
    if won:
        operation.runner, operation.beat_at = runner, now
    return bool(won)


def release(operation: Operation) -> None:
    Operation.objects.filter(pk=operation.pk, runner=operation.runner).update(runner="")
    operation.runner = ""


def new_runner() -> str:
    return uuid.uuid4().hex
