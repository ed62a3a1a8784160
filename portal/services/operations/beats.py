"""Who is carrying an operation out.

And whether that process still lives: a beat each second, dead after three without one.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import Error, connection
from django.db.models import Q
from django.utils import timezone

from portal.models import Operation

EVERY_S = 1.0
DEAD_AFTER = timedelta(seconds=3)


@contextmanager
def beating(operation: Operation) -> Iterator[None]:
    """Renew the operation's beat each second for as long as the block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(operation.pk, operation.runner, stop), name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=EVERY_S)


def _beat(pk: int, runner: str, stop: threading.Event) -> None:
    try:
        while not stop.wait(EVERY_S):
            try:
                Operation.objects.filter(pk=pk, runner=runner).update(beat_at=timezone.now())
            except Error:
                # A beat missed because the database is busy or was started again; the next one comes in a second.
                connection.close()
    finally:
        connection.close()


def nobody(now: datetime) -> Q:
    """Operations that nobody carries out: never begun, let go, or their process is dead.

    A beat from the future is a clock set back, and tells nothing of a living process.
    """
    return Q(runner="") | Q(beat_at=None) | Q(beat_at__lt=now - DEAD_AFTER) | Q(beat_at__gt=now + DEAD_AFTER)


def is_carried(operation: Operation, *, now: datetime) -> bool:
    beat = operation.beat_at
    return bool(operation.runner) and beat is not None and now - DEAD_AFTER <= beat <= now + DEAD_AFTER


def claim(operation: Operation, *, now: datetime) -> bool:
    """Take over an operation that nobody carries out, as it stands by now.

    False if somebody has it, or had it meanwhile.
    """
    runner = new_runner()
    free = Operation.objects.filter(nobody(now), pk=operation.pk, state=operation.state, attempts=operation.attempts)
    if not free.update(runner=runner, beat_at=now):
        return False
    operation.refresh_from_db()
    return operation.runner == runner


def release(operation: Operation) -> None:
    Operation.objects.filter(pk=operation.pk, runner=operation.runner).update(runner="")
    operation.runner = ""


def new_runner() -> str:
    return uuid.uuid4().hex
