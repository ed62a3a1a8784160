"""How long a write waits: for the disk, and for other writers; and what people read if it can't be made.

SQLite has one writer. A page never waits for it: what a page notes is left out while another process writes. On
PostgreSQL, which locks single rows and these only for a moment, nothing here changes how long a write waits.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, OperationalError, connection
from django.utils.translation import gettext as _

from portal.services.errors import StorageUnavailable

logger = logging.getLogger(__name__)

PAGE_WAIT_MS = 200
CHANGE_WAIT_MS = 1_000
# Without a sign-in nothing else can be done. It writes several times, each of which waits, also while a new portal
# stores its first thousand customers.
SIGN_IN_WAIT_MS = 5_000
# Once a change has waited in vain, others don't wait as long, or a burst of them would occupy all threads.
HURRY_FOR_S = 1.0
# What MIOSA has answered is worth waiting for.
OUTCOME_WAIT_MS = 20_000
# A page that has fetched something from MIOSA waits a little to store it.
STORE_WAIT_MS = 1_000

_FULL, _NORMAL = 2, 1
_RETRY_AFTER_S = 5.0
_PRIMARY_CODE = 0xFF  # the rest of SQLite's code says more about the cause
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_POSTGRES_DISK_FULL = "53100"


@contextmanager
def relaxed_durability() -> Iterator[None]:
    """Commits in this block may be lost in a power cut (never with the process), so they don't wait for the disk.

    Applies to SQLite outside a transaction. The next commit that waits for the disk secures this one too.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    connection.ensure_connection()
    database = connection.connection
    is_full = database.execute("PRAGMA synchronous").fetchone()[0] == _FULL
    if is_full:
        database.execute(f"PRAGMA synchronous={_NORMAL}")
    try:
        yield
    finally:
        # A new connection, after a lost one, has its own settings already.
        if is_full and connection.connection is database:
            database.execute(f"PRAGMA synchronous={_FULL}")


@contextmanager
def lock_wait(ms: int, *, at_least: bool = False) -> Iterator[None]:
    """Writes in this block raise OperationalError after `ms` if another process holds SQLite's write lock.

    `at_least`: a longer wait that is set already stays.
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    database = connection.connection
    usual_ms = _get_wait_ms(database)
    _set_wait_ms(database, max(ms, usual_ms) if at_least else ms)
    try:
        yield
    finally:
        if connection.connection is database:
            _set_wait_ms(database, usual_ms)


@contextmanager
def page_lock_wait() -> Iterator[None]:
    """For a page: its writes wait for the lock 0.2 s altogether, not each."""
    with lock_wait(PAGE_WAIT_MS), connection.execute_wrapper(_OneWait()):
        yield


@contextmanager
def change_lock_wait() -> Iterator[None]:
    """For a request that changes something: its writes wait for the lock a second each; less if it is held for long."""
    ms = PAGE_WAIT_MS if time.monotonic() < hurry.until else CHANGE_WAIT_MS
    with lock_wait(ms), connection.execute_wrapper(hurry):
        yield


@contextmanager
def sign_in_lock_wait() -> Iterator[None]:
    """For a request that signs in: longer, and others that waited in vain don't hurry it, unless they signed in too."""
    ms = PAGE_WAIT_MS if time.monotonic() < sign_in_hurry.until else SIGN_IN_WAIT_MS
    with lock_wait(ms), connection.execute_wrapper(sign_in_hurry):
        yield


@contextmanager
def optional_write(what: str) -> Iterator[None]:
    """For what a page notes besides: waits 0.2 s at most, and is left out, logged as `what`, if it can't be written."""
    try:
        with lock_wait(PAGE_WAIT_MS):
            yield
    except OperationalError as error:
        logger.warning("not written", extra={"what": what, "reason": str(error)})


class _OneWait:
    """A wrapper of a connection's statements: once one was refused for the lock, later ones don't wait for it."""

    def __init__(self) -> None:
        self._has_waited = False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self._has_waited:
            database = context["connection"].connection
            if database is not None and _get_wait_ms(database) == PAGE_WAIT_MS:
                _set_wait_ms(database, 0)
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            self._has_waited = self._has_waited or is_locked(error)
            raise


class _Hurry:
    """A wrapper of a connection's statements, shared by all threads: `until` when the lock counts as held for long."""

    until = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            if is_locked(error):
                self.until = time.monotonic() + HURRY_FOR_S
            raise


hurry, sign_in_hurry = _Hurry(), _Hurry()


def is_locked(error: BaseException | None) -> bool:
    return _get_sqlite_code(error) in _BUSY


def find_obstacle(error: BaseException | None) -> StorageUnavailable | None:
    """The error for people if the database took no write for a reason that passes; None for any other error."""
    if not isinstance(error, DatabaseError):
        return None
    code = _get_sqlite_code(error)
    if code in _BUSY:
        text = _("The portal is busy saving something else. Nothing was changed.")
        return StorageUnavailable(text, retry_after_s=_RETRY_AFTER_S)
    if code in _DISK or getattr(error.__cause__, "sqlstate", "") == _POSTGRES_DISK_FULL:
        text = _("The portal can't save anything, since its disk is full. Nothing was changed. Reading still works.")
        return StorageUnavailable(text)
    if code == sqlite3.SQLITE_READONLY:
        text = _("The portal's database can't be written at the moment. Nothing was changed. Reading still works.")
        return StorageUnavailable(text)
    return None


def _get_sqlite_code(error: BaseException | None) -> int:
    cause = error.__cause__ if error is not None else None
    return getattr(cause, "sqlite_errorcode", 0) & _PRIMARY_CODE


def _get_wait_ms(database: Any) -> int:
    return int(database.execute("PRAGMA busy_timeout").fetchone()[0])


def _set_wait_ms(database: Any, ms: int) -> None:
    database.execute(f"PRAGMA busy_timeout = {ms}")
