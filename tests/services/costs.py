"""Counts the requests that MIOSA received and the work of the database, which a busy machine does not change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.simulator_control import SimulatorControl

_STEPS = 100


class RequestCount:
    """The requests that arrived while a block ran."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def kinds(self) -> dict[str, int]:
        return dict(Counter(get_kind(row["path"]) for row in self.rows))


def get_kind(path: str) -> str:
    parts = path.removeprefix("/api/v1/").strip("/").split("/")
    match parts:
        case ["deployments"]:
            return "list"
        case ["deployments", _]:
            return "one"
        case ["deployments", _, "versions"]:
            return "versions"
        case ["deployments", _, "versions", _]:
            return "version"
        case ["workspaces"]:
            return "workspaces"
        case ["platform", "tenants", "current"]:
            return "tenant"
    return parts[-1]


@contextmanager
def counting_requests(simulator: SimulatorControl) -> Iterator[RequestCount]:
    counted = RequestCount()
    before = len(simulator.requests())
    yield counted
    counted.rows = simulator.requests()[before:]


def count_requests(simulator: SimulatorControl, act: Callable[[], Any]) -> dict[str, int]:
    with counting_requests(simulator) as counted:
        act()
    return counted.kinds


def count_work(run: Callable[[], Any]) -> int:
    """On SQLite instructions of its virtual machine, on PostgreSQL pages of tables and indexes that were visited."""
    return _count_instructions(run) if connection.vendor == "sqlite" else _count_pages(run)


def list_plans(run: Callable[[], Any]) -> list[str]:
    """The plans of the queries that `run` sends, as the database prints them."""
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    return ["\n".join(str(row[-1]) for row in _fetch(f"{explain} {sql}")) for sql in _capture(run)]


def _count_instructions(run: Callable[[], Any]) -> int:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += _STEPS
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(count, _STEPS)
    try:
        run()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return counted


def _count_pages(run: Callable[[], Any]) -> int:
    pages = 0
    for sql in _capture(run):
        (plan,) = _fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")[0]
        root = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
        pages += root["Shared Hit Blocks"] + root["Shared Read Blocks"]
    return pages


def _capture(run: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        run()
    return [query["sql"] for query in captured.captured_queries]


def _fetch(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("%", "%%") if connection.vendor == "postgresql" else sql, [])
        return list(cursor.fetchall())
