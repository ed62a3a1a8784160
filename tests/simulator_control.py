"""Client of the simulator's control endpoints, so that tests control it as any other program would."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from typing import Any

WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SimulatorControl:
    """What each call accepts is described in `portal/simulator/control/`, `knobs.py` and `faults.py`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_fresh = False  # unchanged since it was reset
        self.seeded_with = (0, 0)
        self.seeded_at = datetime.fromtimestamp(0, UTC)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Sends one control request and returns its decoded JSON. A refusal raises `urllib.error.HTTPError`."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is the simulator's own
            f"{self.url}/_control/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        self.is_fresh = self.is_fresh and method == "GET"
        with WITHOUT_PROXY.open(request, timeout=30) as response:
            return json.loads(response.read() or b"null")

    def reset(self, *, seed: int = 1, customers: int = 12) -> None:
        result = self.call("POST", "reset", {"seed": seed, "customers": customers})
        self.seeded_with, self.seeded_at = (seed, customers), datetime.fromisoformat(result["at"])
        self.is_fresh = True

    def configure(self, **knobs: Any) -> None:
        self.call("POST", "settings", knobs)

    def fault(self, path: str = "*", *, method: str | None = None, times: int = 1, **effect: Any) -> None:
        """Makes the next `times` requests whose path matches fail or misbehave."""
        match = {"path": path} if method is None else {"path": path, "method": method}
        self.call("POST", "faults", {"match": match, "times": times, "effect": effect})

    def clear_faults(self) -> None:
        self.call("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Moves simulated time forward."""
        self.call("POST", "advance", {"seconds": seconds})

    def run_action(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Changes something at MIOSA without the portal. Returns the changed object's row."""
        changed: dict[str, Any] = self.call("POST", "actions", {"action": action, **arguments})
        return changed

    def state(self) -> dict[str, Any]:
        """Every customer with its deployments."""
        state: dict[str, Any] = self.call("GET", "state")
        return state

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests received below `/api/v1`, oldest first."""
        rows: list[dict[str, Any]] = self.call("GET", f"requests?since={since}")["requests"]
        return rows
