"""Wake the worker at once when there is work for it.

Processes on one machine share a named pipe in `VAR_DIR`; on PostgreSQL, `NOTIFY` reaches workers on other machines too.
A lost signal costs a few seconds at most, since the worker also polls the tables (`worker.POLL_S`).
"""

from __future__ import annotations

import contextlib
import os
import selectors
from collections.abc import Callable
from pathlib import Path

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

CHANNEL = "portal_work"
_CHUNK = 4096

log = structlog.get_logger(__name__)


def notify_worker() -> None:
    """Wake the worker as soon as the current transaction is committed. Never waits; a failure is only logged."""
    transaction.on_commit(_notify, robust=True)


def fifo_path() -> Path:
    return Path(settings.VAR_DIR) / "worker.fifo"


def _notify() -> None:
    # Without a worker the pipe has no reader (ENXIO) or does not exist yet. A full pipe wakes the worker too.
    with contextlib.suppress(OSError):
        descriptor = os.open(fifo_path(), os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(descriptor, b".")
        finally:
            os.close(descriptor)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


class Alarm:
    """A worker waits for this. Several workers may share the pipe: one byte wakes at least one of them."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._own_reader, self._own_writer = os.pipe()
        self._fifo = _open_fifo()
        self._listener: BaseDatabaseWrapper | None = None
        os.set_blocking(self._own_reader, False)
        os.set_blocking(self._own_writer, False)
        self._watch(self._own_reader)
        if self._fifo is not None:
            self._watch(self._fifo)

    def ring(self) -> None:
        """Wake this process; from any thread or signal handler."""
        with contextlib.suppress(OSError):
            os.write(self._own_writer, b".")

    def wait(self, timeout_s: float) -> None:
        """Return at the first signal, or after `timeout_s` seconds."""
        if connection.vendor == "postgresql" and self._listener is None:
            self._listen()
        for key, _events in self._selector.select(timeout_s):
            clear: Callable[[], None] = key.data
            clear()

    def close(self) -> None:
        self._stop_listening()
        self._selector.close()
        for descriptor in (self._own_reader, self._own_writer, self._fifo):
            if descriptor is not None:
                os.close(descriptor)

    def _watch(self, descriptor: int) -> None:
        def clear() -> None:
            with contextlib.suppress(BlockingIOError):
                os.read(descriptor, _CHUNK)

        self._selector.register(descriptor, selectors.EVENT_READ, clear)

    def _listen(self) -> None:
        """On a connection of its own, which is never in a transaction."""
        listener = connection.copy()
        try:
            with listener.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
        except DatabaseError as error:
            log.warning("worker.database", error=type(error).__name__)
            listener.close()
            return
        self._listener = listener
        self._selector.register(listener.connection.fileno(), selectors.EVENT_READ, self._read_notifications)

    def _read_notifications(self) -> None:
        import psycopg  # noqa: PLC0415  # installed with the extra "postgres"

        if self._listener is None:
            return
        try:
            for _notification in self._listener.connection.notifies(timeout=0):
                pass
        except psycopg.Error as error:
            log.warning("worker.database", error=type(error).__name__)
            self._stop_listening()

    def _stop_listening(self) -> None:
        if self._listener is None:
            return
        with contextlib.suppress(KeyError, ValueError, DatabaseError):
            self._selector.unregister(self._listener.connection.fileno())
        self._listener.close()
        self._listener = None


def _open_fifo() -> int | None:
    """The shared pipe, made if need be. Open for writing as well, or it would end with each writer."""
    path = fifo_path()
    try:
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        log.warning("worker.no_pipe", error=type(error).__name__, path=str(path))
        return None
