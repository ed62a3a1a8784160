from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from portal.simulator.simulator import Simulator

FULL_KEY = "msk_test_demo"


class SimulatorClient:
    """Plain HTTP. Paths are below /api/v1 unless they begin with /_control or /sites."""

    def __init__(self, url: str, key: str | None = FULL_KEY) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        if key:
            self.session.headers["Authorization"] = f"Bearer {key}"

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        base = self.url if path.startswith(("/_control", "/sites")) else f"{self.url}/api/v1"
        return self.session.request(method, base + path, timeout=options.pop("timeout", 10), **options)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.request("GET", path, params=params)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> requests.Response:
        """`key` is an Idempotency-Key."""
        return self.request("POST", path, json=body, headers={"Idempotency-Key": key} if key else None)

    def get_data(self, path: str, **params: Any) -> Any:
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def control(self, path: str, body: Any) -> Any:
        response = self.post(f"/_control/{path}", body)
        assert response.status_code == 200, response.text
        return response.json()

    def configure(self, **knobs: Any) -> None:
        self.control("settings", knobs)

    def fault(
        self, effect: dict[str, Any], *, path: str = "*", times: int | None = 1, method: str | None = None
    ) -> None:
        match = {"path": path} | ({"method": method} if method else {})
        self.control("faults", {"match": match, "times": times, "effect": effect})

    def advance(self, seconds: float) -> None:
        self.control("advance", {"seconds": seconds})

    def run_action(self, action: str, deployment_id: str, **arguments: Any) -> dict[str, Any]:
        row: dict[str, Any] = self.control("actions", {"action": action, "deployment_id": deployment_id, **arguments})
        return row

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.get("/_control/state").json()
        return state

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get("/_control/requests", since=since).json()["requests"]
        return rows

    def deployment(self, scenario: str) -> dict[str, Any]:
        """The first deployment that was seeded to show this scenario."""
        deployments = (row for customer in self.state()["customers"] for row in customer["deployments"])
        return next(row for row in deployments if row["scenario"] == scenario)

    def sandbox_id(self, customer: str = "brightsmile-dental") -> str:
        return str(self.get_data("/sandboxes", external_workspace_id=customer)[0]["id"])


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def sim(running: Simulator) -> SimulatorClient:
    """A freshly seeded simulator with default settings."""
    client = SimulatorClient(running.url)
    client.control("reset", {"seed": 1, "customers": 12})
    return client


@pytest.fixture
def main(sim: SimulatorClient) -> str:
    """Id of a static deployment with 24 versions, the newest of them live."""
    return str(sim.deployment("healthy")["id"])


@pytest.fixture
def booking(sim: SimulatorClient) -> str:
    """Id of a dynamic deployment with 12 versions, 11 live and 12 staged."""
    return str(sim.deployment("staged")["id"])
