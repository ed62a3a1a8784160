"""How much work the database does for some queries: counted, not timed, so a busy machine makes no difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

_STEPS = 100


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
