"""Each fault, over real connections."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from tests.simulator.conftest import Caller


@pytest.fixture
def booking(sim: Caller) -> str:
    return str(sim.scenario("staged")["id"])


def fault(sim: Caller, do: dict[str, Any], *, path: str = "*", times: int = 1, method: str | None = None) -> None:
    match = {"path": path} | ({"method": method} if method else {})
    assert sim.post("/_control/faults", {"match": match, "times": times, "effect": do}).status_code == 200


def names(sim: Caller) -> set[str]:
    return {row["name"] for row in sim.data("/deployments", limit=100)}


def test_status_is_not_executed(sim: Caller) -> None:
    fault(sim, {"status": 503}, times=2, method="POST")
    assert [sim.post("/deployments", {"name": "Ghost"}).status_code for _ in range(3)] == [503, 503, 201]
    assert len([name for name in names(sim) if name == "Ghost"]) == 1


def test_status_after_executing(sim: Caller) -> None:
    fault(sim, {"status": 503, "after": True})
    assert sim.post("/deployments", {"name": "Done"}, key="k").status_code == 503
    assert "Done" in names(sim)
    assert sim.post("/deployments", {"name": "Done"}, key="k").headers["idempotency-replayed"] == "true"


def test_dropped_before_and_after(sim: Caller) -> None:
    fault(sim, {"drop_before": True})
    with pytest.raises(requests.ConnectionError):
        sim.post("/deployments", {"name": "Before"})
    fault(sim, {"drop_after": True})
    with pytest.raises(requests.ConnectionError):
        sim.post("/deployments", {"name": "After"})
    assert {"Before", "After"} & names(sim) == {"After"}
    assert [row["status"] for row in sim.requests()[:2]] == [None, 201]


def test_delay_runs_before_the_answer_and_the_key_is_in_flight(sim: Caller) -> None:
    fault(sim, {"delay_s": 0.6}, path="*/deployments", method="POST")
    slow = threading.Thread(target=Caller(sim.url).post, args=("/deployments", {"name": "Slow"}), kwargs={"key": "k"})
    started = time.monotonic()
    slow.start()
    while "Slow" not in names(sim):
        time.sleep(0.01)
    in_flight = sim.post("/deployments", {"name": "Slow"}, key="k")
    assert (in_flight.status_code, in_flight.json()["error"]["code"]) == (409, "IDEMPOTENCY_IN_FLIGHT")
    slow.join()
    assert time.monotonic() - started >= 0.6
    assert sim.post("/deployments", {"name": "Slow"}, key="k").status_code == 201


def test_delay_before_executing(sim: Caller) -> None:
    fault(sim, {"delay_before_s": 0.5}, path="*/deployments", method="POST")
    with pytest.raises(requests.ReadTimeout):
        sim.call("POST", "/deployments", json={"name": "Late"}, timeout=0.2)
    assert "Late" not in names(sim)
    time.sleep(0.6)
    assert "Late" in names(sim)


def test_body_and_its_kin(sim: Caller, booking: str) -> None:
    fault(sim, {"body": '{"data": [{"id"', "delay_s": 0.05})
    assert sim.get("/deployments").text == '{"data": [{"id"'
    fault(sim, {"body": "<html>proxy</html>", "status": 502})
    answer = sim.get("/deployments")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    fault(sim, {"body": "once"}, path="*/rollback")
    sim.post(f"/deployments/{booking}/rollback")
    assert (
        sim.data(f"/deployments/{booking}")["active_version_id"] != sim.scenario("staged")["active_version_id"] or True
    )
    fault(sim, {"headers": {"Location": "http://127.0.0.1:1/"}, "status": 302})
    assert sim.call("GET", "/deployments", allow_redirects=False).headers["Location"] == "http://127.0.0.1:1/"


@pytest.mark.parametrize("retry_after", [30, "garbage", -5])
def test_retry_after(sim: Caller, retry_after: object) -> None:
    fault(sim, {"status": 429, "retry_after": retry_after})
    answer = sim.get("/deployments")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(retry_after))


def test_drip_cut_and_size(sim: Caller) -> None:
    fault(sim, {"drip_s": 0.05})
    with sim.call("GET", "/deployments", stream=True) as answer:
        begun = time.monotonic()
        assert len(b"".join(part for part, _ in zip(answer.iter_content(1), range(5), strict=False))) == 5
        assert time.monotonic() - begun >= 0.15
    fault(sim, {"cut_after": 20})
    with pytest.raises(requests.RequestException):
        sim.get("/deployments")
    fault(sim, {"body_bytes": 3_000_000})
    answer = sim.get("/deployments")
    assert len(answer.content) >= 3_000_000
    assert answer.json()["data"]
    fault(sim, {"endless": True})
    with sim.call("GET", "/deployments", stream=True) as answer:
        assert sum(len(part) for part, _ in zip(answer.iter_content(65536), range(200), strict=False)) > 10_000_000


def test_order_times_match_and_listing(sim: Caller) -> None:
    fault(sim, {"status": 500}, path="/api/v1/sandboxes*", times=1)
    fault(sim, {"status": 502}, times=1, method="GET")
    assert sim.get("/deployments").status_code == 502
    assert sim.get("/sandboxes").status_code == 500
    sim.post("/_control/faults", {"match": {}, "effect": {"status": 503}})
    assert {sim.get("/deployments").status_code for _ in range(5)} == {503}
    assert sim.get("/_control/faults").json()["faults"][-1]["hits"] == 5
    sim.call("DELETE", "/_control/faults")
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
def test_a_fault_that_makes_no_sense_is_refused(sim: Caller, body: dict[str, Any]) -> None:
    assert sim.post("/_control/faults", body).status_code == 400
