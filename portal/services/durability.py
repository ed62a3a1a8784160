"""What has to survive a power cut, and what nobody should wait for the disk for."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_FULL, _NORMAL = 2, 1


@contextmanager
def may_be_lost() -> Iterator[None]:
    """What is written in here may be lost with the power (never with the process), so its commit waits for no disk.

    Only SQLite is told, and only outside of a transaction. A later commit that does wait takes this one along.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        is_full = cursor.execute("PRAGMA synchronous").fetchone()[0] == _FULL
        if is_full:
            cursor.execute(f"PRAGMA synchronous={_NORMAL}")
    try:
        yield
    finally:
        if is_full:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA synchronous={_FULL}")
