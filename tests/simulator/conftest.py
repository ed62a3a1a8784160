from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from portal.simulator.simulator import Simulator


class Caller:
    """A session that knows the key and the base, and gives decoded bodies."""

    def __init__(self, url: str, key: str | None = "msk_test_demo") -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        if key:
            self.session.headers["Authorization"] = f"Bearer {key}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        base = self.url if path.startswith(("/_control", "/sites")) else f"{self.url}/api/v1"
        return self.session.request(method, base + path, timeout=options.pop("timeout", 10), **options)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> requests.Response:
        return self.call("POST", path, json=body, headers={"Idempotency-Key": key} if key else None)

    def data(self, path: str, **params: Any) -> Any:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def set(self, **knobs: Any) -> None:
        answer = self.post("/_control/settings", knobs)
        assert answer.status_code == 200, answer.text

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.get("/_control/state").json()
        return state

    def scenario(self, word: str) -> dict[str, Any]:
        """The first deployment whose scenario is this word."""
        found = (d for c in self.state()["customers"] for d in c["deployments"] if d["scenario"] == word)
        return next(found)

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get("/_control/requests", since=since).json()["requests"]
        return rows


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def sim(running: Simulator) -> Caller:
    caller = Caller(running.url)
    assert caller.post("/_control/reset", {"seed": 1, "customers": 12}).status_code == 200
    return caller
