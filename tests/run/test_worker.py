"""The worker outlives a database that is locked for longer than anybody waits."""

import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.conftest import wait_until
from tests.run.starting import Running

LONGER_THAN_ANYBODY_WAITS_S = 23


def beaten_at(database: Path) -> str:
    connection = sqlite3.connect(database)
    try:
        row = connection.execute("SELECT value FROM portal_cache WHERE cache_key LIKE '%heartbeat%'").fetchone()
    finally:
        connection.close()
    return str(row[0]) if row else ""


def test_a_long_lock_ends_no_worker(tmp_path: Path, free_port: Callable[[], int]) -> None:
    var, database = tmp_path / "var", tmp_path / "var" / "demo.sqlite3"
    manage = [sys.executable, "manage.py"]
    assert Running([*manage, "up", "--prepare-only"], var, free_port(), free_port()).process.wait(timeout=60) == 0
    running = Running([*manage, "worker"], var, free_port(), free_port())
    try:
        wait_until(lambda: beaten_at(database) != "", seconds=20)
        holder = sqlite3.connect(database, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        time.sleep(LONGER_THAN_ANYBODY_WAITS_S)
        holder.execute("ROLLBACK")
        holder.close()
        before = beaten_at(database)
        wait_until(lambda: beaten_at(database) != before, seconds=20)
        assert running.process.poll() is None, running.said()
        assert "database" in running.said()
    finally:
        assert running.stop() == 0
