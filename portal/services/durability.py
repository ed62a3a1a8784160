"""How long a write waits: for the disk, and for other writers. On PostgreSQL both are left as they are."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_FULL, _NORMAL = 2, 1
_SHORT_LOCK_WAIT_MS = 200


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
def short_lock_wait() -> Iterator[None]:
    """Writes in this block raise django.db.OperationalError after 0.2 s if SQLite's one writer is busy.

    PostgreSQL locks single rows, and these only for a moment.
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    database = connection.connection
    (usual_ms,) = database.execute("PRAGMA busy_timeout").fetchone()
    database.execute(f"PRAGMA busy_timeout = {_SHORT_LOCK_WAIT_MS}")
    try:
        yield
    finally:
        if connection.connection is database:
            database.execute(f"PRAGMA busy_timeout = {int(usual_ms)}")
