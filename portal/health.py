"""`/healthz`, `/readyz` and `/metrics`, answered before any other middleware runs.

They accept every host name, and reveal a few fixed words to people without access. They don't depend on MIOSA: while it
is down, the portal still shows what it has stored.
"""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from portal import metrics
from portal.services import durability

LOCK_WAIT_MS = 500
ROOM_BYTES = 256 * 1024

log = structlog.get_logger(__name__)


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.migrated = False

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in {"/healthz", "/readyz", "/metrics"}:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        if request.path_info == "/healthz":
            return plain_text("ok")
        if request.path_info == "/readyz":
            obstacle = self.find_obstacle()
            return plain_text(f"not ready: {obstacle}", status=503) if obstacle else plain_text("ok")
        return show_metrics(request)

    def find_obstacle(self) -> str:
        """Why changes can't be made, in a few words; empty if they can."""
        try:
            self.migrated = self.migrated or is_migrated()
            if not self.migrated:
                return "migrations are missing"
            require_writable()
        except DatabaseError as error:
            log.warning("readyz.database", error=type(error).__name__, reason=str(error))
            return "the database is locked" if durability.is_locked(error) else "the database can't be written"
        return "the disk is full" if connection.vendor == "sqlite" and is_disk_full() else ""


def is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def require_writable() -> None:
    """Starts a write and rolls it back. Doesn't wait long for a locked SQLite database. Raises DatabaseError."""
    with durability.lock_wait(LOCK_WAIT_MS), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE session_key = ''")
        transaction.set_rollback(True)


def is_disk_full() -> bool:
    """Whether a small file finds no room beside the database. A write that is rolled back would not notice."""
    try:
        with tempfile.TemporaryFile(dir=settings.VAR_DIR) as file:
            file.write(bytes(ROOM_BYTES))
            file.flush()
    except OSError as error:
        log.warning("readyz.disk", reason=error.strerror)
        return True
    return False


def show_metrics(request: HttpRequest) -> HttpResponse:
    sent = request.headers.get("Authorization", "").encode()
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    if not metrics.AVAILABLE or not settings.METRICS_TOKEN or not hmac.compare_digest(sent, expected):
        return plain_text("not found", status=404)
    body, content_type = metrics.render()
    return HttpResponse(body, content_type=content_type, headers={"Cache-Control": "no-store"})


def plain_text(text: str, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "no-store", "Content-Length": str(len(text))}
    return HttpResponse(text, status=status, content_type="text/plain", headers=headers)
