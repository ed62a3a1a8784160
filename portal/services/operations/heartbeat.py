"""The heartbeat of the process that works on an operation, renewed every second; a dead process is replaced."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import Error, connection
from django.utils import timezone

from portal.models import Operation
from portal.services import durability

EVERY_S = 1.0


@contextmanager
def keep_alive(operation: Operation) -> Iterator[None]:
    """Renew the operation's heartbeat every second while the block runs."""
    stop = threading.Event()
    arguments = (operation.pk, operation.runner, stop)
    thread = threading.Thread(target=_beat, args=arguments, name="heartbeat", daemon=True)
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
                Operation.objects.filter(pk=pk, runner=runner).update(heartbeat_at=timezone.now())
            except Error:
                # The database is busy or was restarted. The next attempt is in a second.
                connection.close()
    finally:
        connection.close()


def claim(operation: Operation, *, now: datetime) -> bool:
    """Take over an operation that no living process works on, and reload it. False if another process has it."""
    runner = new_runner()
    unattended = Operation.objects.unattended(now=now)
    unchanged = unattended.filter(pk=operation.pk, state=operation.state, attempts=operation.attempts)
    if not unchanged.update(runner=runner, heartbeat_at=now):
        return False
    operation.refresh_from_db()
    return operation.runner == runner


def release(operation: Operation) -> None:
    """Another process may take its next step."""
    if not operation.runner:
        return
    with durability.optional_write("release"):  # else it counts as dead in a few seconds
        Operation.objects.filter(pk=operation.pk, runner=operation.runner).update(runner="")
    operation.runner = ""


def new_runner() -> str:
    return uuid.uuid4().hex
