"""Knobs that change lists, rows, errors and the transport."""

from __future__ import annotations

from typing import Any

import pytest

from portal.simulator.knobs import KNOBS
from tests.simulator.conftest import SimulatorClient

MAIN_FILTER = {"external_workspace_id": "brightsmile-dental"}


def test_every_choice_is_accepted_and_shown(sim: SimulatorClient) -> None:
    shown = sim.get("/_control/settings").json()["settings"]
    assert set(shown) == set(KNOBS)
    for name, facts in shown.items():
        assert facts["value"] == facts["choices"][0]
        for choice in facts["choices"]:
            answer = sim.post("/_control/settings", {name: choice})
            assert answer.json()["settings"][name]["value"] == choice


@pytest.mark.parametrize(
    ("body", "listed"), [({"no_such": 1}, "envelope"), ({"envelope": "x"}, "nested"), ({"rate_limit_rpm": -1}, "60")]
)
def test_an_unknown_knob_or_value_lists_the_choices(sim: SimulatorClient, body: dict[str, Any], listed: str) -> None:
    answer = sim.post("/_control/settings", body)
    assert (answer.status_code, listed in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("envelope", "keys"),
    [("data", ["data"]), ("bare", None), ("items", ["items"]), ("named", ["deployments"]),
     ("nested", ["data", "deployments"])],
)  # fmt: skip
def test_envelope(sim: SimulatorClient, envelope: str, keys: list[str] | None) -> None:
    sim.configure(envelope=envelope)
    body = sim.get("/deployments", **MAIN_FILTER).json()
    for key in keys or []:
        body = body[key]
    assert len(body) == 3


@pytest.mark.parametrize("order", ["newest", "oldest", "random"])
def test_list_order_is_stable_over_pages(sim: SimulatorClient, main: str, order: str) -> None:
    sim.configure(list_order=order)
    numbers: list[int] = []
    cursor = None
    while len(numbers) < 30:
        page = sim.get(f"/deployments/{main}/versions", limit=7, cursor=cursor).json()
        numbers += [row["version_number"] for row in page["data"]]
        if not (cursor := page["next_cursor"]):
            break
    expected = {"newest": list(range(24, 0, -1)), "oldest": list(range(1, 25))}.get(order)
    assert numbers == expected if expected else sorted(numbers) == list(range(1, 25)) != numbers


def test_paging_by_page_number(sim: SimulatorClient, main: str) -> None:
    sim.configure(paging="page")
    body = sim.get(f"/deployments/{main}/versions", limit=100, page=2).json()
    assert body["page"] == {"page": 2, "page_size": 20, "total": 24}
    assert len(body["data"]) == 4
    sim.configure(paging="meta")
    assert sim.get(f"/deployments/{main}/versions", per_page=5).json()["meta"]["per_page"] == 5


def test_other_paging(sim: SimulatorClient, main: str) -> None:
    path = f"/deployments/{main}/versions"
    sim.configure(paging="next")
    assert sim.get(path, limit=2).json()["cursor"]
    sim.configure(paging="none")
    assert len(sim.get(path).json()["data"]) == 24
    sim.configure(paging="loop")
    first = sim.get(path, limit=2).json()["next_cursor"]
    assert sim.get(path, limit=2, cursor=first).json()["next_cursor"] == first


def test_limits(sim: SimulatorClient) -> None:
    assert sim.get("/deployments", limit="many").status_code == 400
    assert sim.get("/deployments", limit=1000).status_code == 200
    sim.configure(limit_over="refuse")
    assert sim.get("/deployments", limit=1000).status_code == 400
    sim.configure(limit_param="refused")
    assert sim.get("/deployments", limit=10).status_code == 400
    assert sim.get("/deployments").status_code == 200


def test_rows(sim: SimulatorClient, main: str) -> None:
    path = f"/deployments/{main}/versions"
    sim.configure(version_rows="reduced")
    row = sim.get_data(path)[0]
    assert "tenant_id" not in row
    assert "external_workspace_id" not in row
    assert sim.get_data(f"{path}/{row['id']}")["external_workspace_id"] == "brightsmile-dental"
    sim.configure(version_rows="full", time_keys="inserted_at", enum_values="unknown", metadata="null")
    row = sim.get_data(path)[0]
    assert "inserted_at" in row
    assert row["state"].endswith("_v2")
    assert row["metadata"] is None
    sim.configure(broken_row="one", enum_values="known")
    assert sim.get_data(path)[0]["version_number"] == "not a number"


def test_attribution_filter(sim: SimulatorClient) -> None:
    sim.configure(attribution_filter="ignored")
    owners = {row["external_workspace_id"] for row in sim.get_data("/deployments", **MAIN_FILTER)}
    assert len(owners) > 3


def test_ids_and_types(sim: SimulatorClient) -> None:
    sim.configure(id_form="uuid", content_type="application/vnd.api+json")
    answer = sim.post("/deployments", {"name": "Uuid"})
    assert answer.headers["Content-Type"] == "application/vnd.api+json"
    assert answer.json()["data"]["id"].count("-") == 4


@pytest.mark.parametrize("shape", KNOBS["error_shape"].choices)
def test_error_shapes(sim: SimulatorClient, shape: str) -> None:
    sim.configure(error_shape=shape)
    answer = sim.get("/deployments/dep_none")
    assert answer.status_code == 404
    assert answer.headers["x-request-id"]
    if shape in ("text", "html"):
        assert "json" not in answer.headers["Content-Type"]
    elif shape == "canonical":
        assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
    else:
        assert answer.json()


def test_rate_limit(sim: SimulatorClient) -> None:
    sim.configure(rate_limit_rpm=30)
    assert {sim.get("/deployments", limit=1).status_code for _ in range(30)} == {200}
    refused = sim.get("/deployments", limit=1)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert sim.get("/_control/requests").status_code == 200
    sim.advance(61)
    assert sim.get("/deployments", limit=1).status_code == 200


def test_idempotency(sim: SimulatorClient) -> None:
    def create(name: str) -> Any:
        return sim.post("/deployments", {"name": name}, key="one-key")

    first, again = create("Once"), create("Once")
    assert first.json()["data"]["id"] == again.json()["data"]["id"]
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    other = create("Other")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IDEMPOTENCY_PAYLOAD_MISMATCH")
    sim.advance(25 * 3600)
    assert create("Once").json()["data"]["id"] != first.json()["data"]["id"]
    sim.configure(idempotency=False)
    assert create("Once").json()["data"]["id"] != create("Once").json()["data"]["id"]
