"""The worker keeps running, and is not taken for hung, when the database is locked for longer than its timeout."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from portal import supervisor
from tests.run.portal_process import TIMEOUT_S, PortalProcess
from tests.waiting import wait_until


def read_heartbeat(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        row = connection.execute("SELECT value FROM portal_cache WHERE cache_key LIKE '%heartbeat%'").fetchone()
    return str(row[0]) if row else ""


def test_the_worker_survives_a_long_lock(tmp_path: Path) -> None:
    var, database = tmp_path / "var", tmp_path / "var" / "demo.sqlite3"
    manage = [sys.executable, "manage.py"]
    preparation = PortalProcess([*manage, "up", "--prepare-only"], var)
    assert preparation.process.wait(timeout=TIMEOUT_S) == 0
    worker = PortalProcess([*manage, "worker"], var)
    try:
        wait_until(lambda: read_heartbeat(database) != "", seconds=TIMEOUT_S)
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            worker.wait_for_output("OperationalError")
            before = read_heartbeat(database)
            touched_at = supervisor.read_mark(var / "worker.alive")
            wait_until(lambda: supervisor.read_mark(var / "worker.alive") > touched_at > 0, seconds=TIMEOUT_S)
            other.execute("ROLLBACK")
        wait_until(lambda: read_heartbeat(database) != before, seconds=TIMEOUT_S)
        assert worker.process.poll() is None, worker.output()
    finally:
        assert worker.stop() == 0
