"""What `manage.py check` looks at beyond Django's own: whether the settings make sense together and on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections

from portal.variables import LOOPBACK


@checks.register(checks.Tags.security)
def check_debug(**options: Any) -> list[checks.CheckMessage]:
    if not settings.DEBUG or settings.MIOSA.is_demo:
        return []
    return [checks.Warning("DEBUG shows settings and data to anybody.", hint="Unset DEBUG.", id="portal.W001")]


@checks.register(checks.Tags.security, deploy=True)
def check_hosts(**options: Any) -> list[checks.CheckMessage]:
    if any(host.strip("[]") not in LOOPBACK for host in settings.ALLOWED_HOSTS):
        return []
    hint = "Set ALLOWED_HOSTS to the names people use."
    return [checks.Warning("Only this machine can reach the portal.", hint=hint, id="portal.W002")]


@checks.register(checks.Tags.database)
def check_journal_mode(databases: Sequence[str] | None = None, **options: Any) -> list[checks.CheckMessage]:
    """Several processes share the file; without a write-ahead log a reader would block a writer."""
    found: list[checks.CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "sqlite":
            continue
        with connection.cursor() as cursor:
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        if mode not in {"wal", "memory"}:
            hint = "Keep VAR_DIR on a local disk: network file systems can't do it."
            found.append(checks.Error(f"SQLite runs in journal mode {mode}, not wal.", hint=hint, id="portal.E001"))
    return found
