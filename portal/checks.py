"""System checks of this portal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections

from portal.setting_types import is_loopback


@checks.register(checks.Tags.security)
def check_debug(**options: Any) -> list[checks.CheckMessage]:
    if not settings.DEBUG or settings.MIOSA.is_demo:
        return []
    return [checks.Warning("DEBUG shows settings and data to everybody.", hint="Unset DEBUG.", id="portal.W001")]


@checks.register(checks.Tags.security, deploy=True)
def check_hosts(**options: Any) -> list[checks.CheckMessage]:
    if not all(map(is_loopback, settings.ALLOWED_HOSTS)):
        return []
    hint = "Set ALLOWED_HOSTS to the host names people use."
    return [checks.Warning("ALLOWED_HOSTS only has names of this machine.", hint=hint, id="portal.W002")]


@checks.register(checks.Tags.database)
def check_journal_mode(databases: Sequence[str] | None = None, **options: Any) -> list[checks.CheckMessage]:
    """Several processes share the file, and without a write-ahead log readers block writers."""
    messages: list[checks.CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "sqlite":
            continue
        with connection.cursor() as cursor:
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        if mode not in {"wal", "memory"}:
            hint = "Put VAR_DIR on a local disk: network file systems don't support it."
            messages.append(checks.Error(f"SQLite uses journal mode {mode}, not wal.", hint=hint, id="portal.E001"))
    return messages
