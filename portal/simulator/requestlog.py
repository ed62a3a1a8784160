"""What the simulator was asked, in order of arrival, without the values of env vars."""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Request

from portal.simulator.clock import iso

Row = dict[str, Any]
KEPT = 100_000
_SECRET_KEYS = frozenset({"env", "value", "secret"})


def without_values(body: Any) -> Any:
    """Values of env vars and secrets become their length, wherever they stand."""
    if isinstance(body, list):
        return [without_values(item) for item in body]
    if not isinstance(body, dict):
        return body
    return {key: _lengths(item) if key in _SECRET_KEYS else without_values(item) for key, item in body.items()}


def _lengths(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lengths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_values(item) if isinstance(item, dict) else _lengths(item) for item in value]
    return len(value if isinstance(value, str) else str(value))


def readable(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return without_values(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"({len(raw)} bytes that are not JSON)"


class RequestLog:
    """Numbers only ever grow, also over a reset, so that a `since` from before stays right."""

    def __init__(self) -> None:
        self._rows: deque[Row] = deque(maxlen=KEPT)
        self._last = 0
        self._lock = threading.Lock()

    def arrived(self, request: Request, at: datetime, *, site: bool = False) -> Row:
        """Visits of sites are kept too, but told only on request."""
        query = {key: values if len(values) > 1 else values[0] for key, values in request.args.lists()}
        row: Row = {
            "method": request.method,
            "path": request.path,
            "query": query,
            "status": None,
            "idempotency_key": request.headers.get("Idempotency-Key"),
            "body": readable(request.get_data()),
            "at": iso(at),
            "site": site,
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

    def since(self, n: int, *, details: bool = False, visits: bool = False) -> dict[str, Any]:
        with self._lock:
            rows = []
            for row in reversed(self._rows):
                if row["n"] <= n:
                    break
                if visits or not row["site"]:
                    rows.append({key: row[key] for key in row if key != "site" and (details or key != "details")})
            return {"requests": rows[::-1], "next": self._last}

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()
