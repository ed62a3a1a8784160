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
_SECRET_KEYS = frozenset({"value", "secret"})


def without_values(body: Any, inside_env: bool = False) -> Any:
    """Values of env bodies become their length."""
    if isinstance(body, dict):
        return {
            key: without_values(item, inside_env=inside_env or key == "env")
            if isinstance(item, (dict, list))
            else len(str(item))
            if inside_env and key not in ("name", "key", "environment") or key in _SECRET_KEYS
            else item
            for key, item in body.items()
        }
    if isinstance(body, list):
        return [without_values(item, inside_env) for item in body]
    return len(body) if inside_env and isinstance(body, str) else body


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
                "headers": sorted(name.lower() for name in request.headers.keys()),
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
