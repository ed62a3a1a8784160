"""The simulator as tests steer it: over its control endpoints, as any other program would."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from typing import Any

DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Playing:
    def __init__(self, url: str) -> None:
        self.url = url
        self.is_fresh = False  # nothing was done to it since it was reset
        self.seeded_with = (0, 0)
        self.seeded_at = datetime.fromtimestamp(0, UTC)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is the simulator's own
            f"{self.url}/_control/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        self.is_fresh = self.is_fresh and method == "GET"
        with DIRECTLY.open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def reset(self, *, seed: int = 1, customers: int = 12) -> None:
        told = self.control("POST", "reset", {"seed": seed, "customers": customers})
        self.seeded_with, self.seeded_at = (seed, customers), datetime.fromisoformat(told["at"])
        self.is_fresh = True

    def knobs(self, **values: Any) -> None:
        self.control("POST", "settings", values)

    def fault(self, path: str = "*", *, method: str | None = None, times: int = 1, **do: Any) -> None:
        match = {"path": path} if method is None else {"path": path, "method": method}
        self.control("POST", "faults", {"match": match, "times": times, "do": do})

    def heal(self) -> None:
        self.control("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        self.control("POST", "advance", {"seconds": seconds})

    def act(self, do: str, **arguments: Any) -> dict[str, Any]:
        """An outsider's deed behind the portal's back; answers the touched object."""
        touched: dict[str, Any] = self.control("POST", "act", {"do": do, **arguments})
        return touched

    def world(self) -> dict[str, Any]:
        world: dict[str, Any] = self.control("GET", "world")
        return world

    def heard(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests that arrived below `/api/v1`, oldest first."""
        rows: list[dict[str, Any]] = self.control("GET", f"requests?since={since}")["requests"]
        return rows
