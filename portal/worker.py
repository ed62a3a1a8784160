"""The background worker: starts due jobs, each in its own thread, and sleeps until the next one is due.

Work comes from sources, which read it from the tables. Nothing of importance is kept in memory, so a killed worker
loses nothing. Any number of workers can share one PostgreSQL: each claims a job by a conditional update before it runs
it.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

import structlog
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from portal import heartbeat
from portal.wakeup import Alarm

# The tables are read at least this often, in case a signal was lost or a clock was changed.
POLL_S = 5.0
# The same job is not started again sooner than this, nor sooner than that after it failed.
_PAUSE_S = 0.25
_PAUSE_AFTER_FAILURE_S = 5.0
_PAUSE_AFTER_DATABASE_ERROR_S = 1.0
_SHORTEST_WAIT_S = 0.01
_STOP_WITHIN_S = 10.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due(Generic[T]):
    """What can be started now, the most urgent first, and when the next item will be (None: nothing is planned)."""

    items: Sequence[T] = ()
    next_at: datetime | None = None


class Source(ABC, Generic[T]):
    """One kind of work. `limits`: how many jobs of each group one worker runs at once.

    `leads_to_more`: when a job ends, others may be due at once, so the tables are read again.
    """

    limits: ClassVar[Mapping[str, int]]
    leads_to_more: ClassVar[bool] = True

    @abstractmethod
    def find_due(self, *, now: datetime) -> Due[T]:
        """Read what is due from the tables. Cheap, since it runs every few seconds; changes nothing."""

    @abstractmethod
    def key(self, item: T) -> str:
        """Two jobs of one key never run at once in one worker."""

    def group(self, item: T, *, now: datetime) -> str:
        return next(iter(self.limits))

    def claim(self, item: T, *, now: datetime) -> bool:
        """Take the item by a conditional update. False if another worker was faster."""
        return True

    @abstractmethod
    def run(self, item: T, *, now: datetime) -> None:
        """Do one step. Called without a transaction, in a thread of its own."""


class Worker:
    """Runs the jobs of its sources until it is stopped. Earlier sources have priority."""

    def __init__(self, sources: Sequence[Source[Any]]) -> None:
        self._sources = sources
        self._limits = {group: limit for source in sources for group, limit in source.limits.items()}
        self._alarm = Alarm()
        self._is_stopping = False
        self._lock = threading.Lock()
        self._threads: dict[str, tuple[str, threading.Thread]] = {}
        self._paused: dict[str, float] = {}

    def stop(self) -> None:
        """Start nothing any more; `run` returns when the running jobs have ended. Safe in a signal handler."""
        self._is_stopping = True
        self._alarm.ring()

    def run(self) -> None:
        """Work until `stop` is called; then wait for running jobs, but no longer than ten seconds."""
        try:
            while not self._is_stopping:
                heartbeat.touch_alive_file()
                self._alarm.wait(self._start_due())
        finally:
            self._wait_for_threads()
            connection.close()
            self._alarm.close()

    def _start_due(self) -> float:
        """Start due jobs within the limits. Returns the seconds until there may be more."""
        close_old_connections()
        wait_s = POLL_S
        now = timezone.now()
        for source in self._sources:
            try:
                due = source.find_due(now=now)
            except DatabaseError as error:
                _note_database_error(error)
                wait_s = min(wait_s, _PAUSE_AFTER_DATABASE_ERROR_S)
                continue
            except Exception:  # one source that fails must not stop the others
                log.exception("worker.source_failed", source=type(source).__name__)
                continue
            for item in due.items:
                wait_s = min(wait_s, self._start(source, item, now=now))
            if due.next_at is not None:
                wait_s = min(wait_s, (due.next_at - now).total_seconds())
        return max(wait_s, _SHORTEST_WAIT_S)

    def _start(self, source: Source[T], item: T, *, now: datetime) -> float:
        """Start the job within the limits. Returns the seconds until the next attempt; a job that ends wakes us too."""
        key, group = source.key(item), source.group(item, now=now)
        with self._lock:
            pause_s = self._paused.get(key, 0.0) - time.monotonic()
            if pause_s > 0:
                return pause_s
            running = Counter(group for group, _thread in self._threads.values())
            if key not in self._threads and running[group] < self._limits[group] and not self._is_stopping:
                thread = threading.Thread(target=self._run, args=(source, item, key), name=key, daemon=True)
                self._threads[key] = (group, thread)
                thread.start()
        return POLL_S

    def _run(self, source: Source[T], item: T, key: str) -> None:
        pause_s = _PAUSE_AFTER_FAILURE_S
        try:
            now = timezone.now()
            if source.claim(item, now=now):
                source.run(item, now=now)
            pause_s = _PAUSE_S
        except DatabaseError as error:
            _note_database_error(error)
        except Exception:  # one job that fails must not end the others
            log.exception("worker.job_failed", job=key)
        finally:
            try:
                connection.close()
            finally:
                self._finish(key, pause_s, ring=source.leads_to_more)

    def _finish(self, key: str, pause_s: float, *, ring: bool) -> None:
        now_s = time.monotonic()
        with self._lock:
            del self._threads[key]
            self._paused = {other: until for other, until in self._paused.items() if until > now_s}
            self._paused[key] = now_s + pause_s
        if ring and not self._is_stopping:
            self._alarm.ring()

    def _wait_for_threads(self) -> None:
        """A job that takes longer is left to another worker, as after a crash."""
        until = time.monotonic() + _STOP_WITHIN_S
        for _group, thread in list(self._threads.values()):
            thread.join(timeout=max(0.0, until - time.monotonic()))


def _note_database_error(error: DatabaseError) -> None:
    """The database is locked or away: drop the connection and try again later."""
    log.warning("worker.database", error=type(error).__name__)
    connection.close()
