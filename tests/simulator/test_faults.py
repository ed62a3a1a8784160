"""Each effect of a fault, over real connections."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from tests.simulator.conftest import SimulatorClient


def deployment_names(sim: SimulatorClient) -> set[str]:
    return {row["name"] for row in sim.get_data("/deployments", limit=100)}


def test_status_without_executing(sim: SimulatorClient) -> None:
    sim.fault({"status": 503}, times=2, method="POST")
    assert [sim.post("/deployments", {"name": "Ghost"}).status_code for _ in range(3)] == [503, 503, 201]
    assert len([name for name in deployment_names(sim) if name == "Ghost"]) == 1


def test_status_after_executing(sim: SimulatorClient) -> None:
    sim.fault({"status": 503, "after": True})
    assert sim.post("/deployments", {"name": "Done"}, key="k").status_code == 503
    assert "Done" in deployment_names(sim)
    assert sim.post("/deployments", {"name": "Done"}, key="k").headers["idempotency-replayed"] == "true"


def test_connection_dropped_before_and_after_executing(sim: SimulatorClient) -> None:
    sim.fault({"drop_before": True})
    with pytest.raises(requests.ConnectionError):
        sim.post("/deployments", {"name": "Before"})
    sim.fault({"drop_after": True})
    with pytest.raises(requests.ConnectionError):
        sim.post("/deployments", {"name": "After"})
    assert {"Before", "After"} & deployment_names(sim) == {"After"}
    assert [row["status"] for row in sim.requests()[:2]] == [None, 201]


def test_a_delay_before_the_answer_keeps_the_key_in_use(sim: SimulatorClient) -> None:
    sim.fault({"delay_s": 0.6}, path="*/deployments", method="POST")
    other = SimulatorClient(sim.url)
    slow = threading.Thread(target=other.post, args=("/deployments", {"name": "Slow"}), kwargs={"key": "k"})
    started = time.monotonic()
    slow.start()
    while "Slow" not in deployment_names(sim):
        time.sleep(0.01)
    in_flight = sim.post("/deployments", {"name": "Slow"}, key="k")
    assert (in_flight.status_code, in_flight.json()["error"]["code"]) == (409, "IDEMPOTENCY_IN_FLIGHT")
    slow.join()
    assert time.monotonic() - started >= 0.6
    assert sim.post("/deployments", {"name": "Slow"}, key="k").status_code == 201


def test_delay_before_executing(sim: SimulatorClient) -> None:
    sim.fault({"delay_before_s": 0.5}, path="*/deployments", method="POST")
    with pytest.raises(requests.ReadTimeout):
        sim.request("POST", "/deployments", json={"name": "Late"}, timeout=0.2)
    assert "Late" not in deployment_names(sim)
    time.sleep(0.6)
    assert "Late" in deployment_names(sim)


def test_body_and_headers(sim: SimulatorClient, booking: str) -> None:
    sim.fault({"body": '{"data": [{"id"', "delay_s": 0.05})
    assert sim.get("/deployments").text == '{"data": [{"id"'
    sim.fault({"body": "<html>proxy</html>", "status": 502})
    answer = sim.get("/deployments")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    before = sim.get_data(f"/deployments/{booking}")["active_version_id"]
    sim.fault({"body": "executed"}, path="*/rollback")
    assert sim.post(f"/deployments/{booking}/rollback").text == "executed"
    assert sim.get_data(f"/deployments/{booking}")["active_version_id"] != before
    sim.fault({"headers": {"Location": "http://127.0.0.1:1/"}, "status": 302})
    assert sim.request("GET", "/deployments", allow_redirects=False).headers["Location"] == "http://127.0.0.1:1/"


@pytest.mark.parametrize("retry_after", [30, "garbage", -5])
def test_retry_after(sim: SimulatorClient, retry_after: object) -> None:
    sim.fault({"status": 429, "retry_after": retry_after})
    answer = sim.get("/deployments")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(retry_after))


def test_drip_cut_padding_and_endless(sim: SimulatorClient) -> None:
    sim.fault({"drip_s": 0.05})
    with sim.request("GET", "/deployments", stream=True) as answer:
        begun = time.monotonic()
        assert len(b"".join(part for part, _ in zip(answer.iter_content(1), range(5), strict=False))) == 5
        assert time.monotonic() - begun >= 0.15
    sim.fault({"cut_after": 20})
    with pytest.raises(requests.RequestException):
        sim.get("/deployments")
    sim.fault({"body_bytes": 3_000_000})
    answer = sim.get("/deployments")
    assert len(answer.content) >= 3_000_000
    assert answer.json()["data"]
    sim.fault({"endless": True})
    with sim.request("GET", "/deployments", stream=True) as answer:
        assert sum(len(part) for part, _ in zip(answer.iter_content(65536), range(200), strict=False)) > 10_000_000


def test_order_times_and_match(sim: SimulatorClient) -> None:
    sim.fault({"status": 500}, path="/api/v1/sandboxes*", times=1)
    sim.fault({"status": 502}, times=1, method="GET")
    assert sim.get("/deployments").status_code == 502
    assert sim.get("/sandboxes").status_code == 500
    sim.fault({"status": 503}, times=None)
    assert {sim.get("/deployments").status_code for _ in range(5)} == {503}
    assert sim.get("/_control/faults").json()["faults"][-1]["hits"] == 5
    sim.request("DELETE", "/_control/faults")
    assert sim.get("/deployments").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"effect": {}},
        {"effect": {"explode": True}},
        {"effect": {"status": "503"}},
        {"effect": {"status": 99}},
        {"times": 0, "effect": {"status": 503}},
        {"match": {"host": "x"}, "effect": {"status": 503}},
    ],
)
def test_invalid_faults_are_refused(sim: SimulatorClient, body: dict[str, Any]) -> None:
    assert sim.post("/_control/faults", body).status_code == 400
