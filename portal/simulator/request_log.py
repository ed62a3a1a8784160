"""The requests that the simulator received, oldest first, without the values of env vars and secrets."""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Request

from portal.simulator.clock import isoformat

Row = dict[str, Any]
MAX_ROWS = 100_000
SECRET_KEYS = frozenset({"env", "value", "secret"})


def redact(body: Any) -> Any:
    """Replaces every value below a secret key by its length."""
    if isinstance(body, list):
        return [redact(item) for item in body]
    if not isinstance(body, dict):
        return body
    return {key: _lengths(item) if key in SECRET_KEYS else redact(item) for key, item in body.items()}


def _lengths(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lengths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item) if isinstance(item, dict) else _lengths(item) for item in value]
    return len(value if isinstance(value, str) else str(value))


def redacted_body(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return redact(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"({len(raw)} bytes that are not JSON)"


class RequestLog:
    """Row numbers keep growing over a reset, so that an earlier `since` stays valid."""

    def __init__(self) -> None:
        self._rows: deque[Row] = deque(maxlen=MAX_ROWS)
        self._last = 0
        self._lock = threading.Lock()

    def add(self, request: Request, at: datetime, *, is_visit: bool) -> Row:
        """The caller fills in `status` later. `is_visit`: a public page was requested, not the API."""
        row: Row = {
            "method": request.method,
            "path": request.path,
            "query": {key: values if len(values) > 1 else values[0] for key, values in request.args.lists()},
            "status": None,
            "idempotency_key": request.headers.get("Idempotency-Key"),
            "body": redacted_body(request.get_data()),
            "at": isoformat(at),
            "is_visit": is_visit,
            "details": {
                "received_at": time.time(),
                "user_agent": request.headers.get("User-Agent"),
                "request_id": request.headers.get("X-Request-Id"),
                "tenant": request.headers.get("X-MIOSA-Tenant"),
                "headers": sorted(name.lower() for name, _ in request.headers),
            },
        }
        with self._lock:
            self._last += 1
            row["n"] = self._last
            self._rows.append(row)
        return row

    def list_since(self, number: int, *, details: bool, visits: bool) -> dict[str, Any]:
        """Rows numbered above `number`, with `details` and with `visits` of public pages only on request."""
        hidden = {"is_visit"} if details else {"is_visit", "details"}
        rows: list[Row] = []
        with self._lock:
            for row in reversed(self._rows):
                if row["n"] <= number:
                    break
                if visits or not row["is_visit"]:
                    rows.append({key: value for key, value in row.items() if key not in hidden})
            return {"requests": rows[::-1], "next": self._last}

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()
