"""Control endpoints: reset, time, actions, DNS, canaries, the request log."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import SimulatorClient


def test_the_same_seed_creates_the_same_ids(sim: SimulatorClient) -> None:
    def ids() -> list[str]:
        return [d["id"] for c in sim.state()["customers"] for d in c["deployments"]]

    first = ids()
    sim.post("/_control/reset", {"seed": 2, "customers": 12})
    assert ids() != first
    sim.post("/_control/reset", {"seed": 1, "customers": 12})
    assert ids() == first


def test_reset_clears_everything(sim: SimulatorClient) -> None:
    sim.configure(envelope="bare", canaries=True)
    sim.post("/_control/faults", {"match": {}, "effect": {"status": 500}})
    sim.get("/deployments")
    last = sim.get("/_control/requests").json()["next"]
    assert sim.post("/_control/reset", {"customers": 3, "settings": {"id_form": "uuid"}}).status_code == 200
    assert sim.requests() == []
    assert sim.get("/_control/requests").json()["next"] == last
    assert len(sim.state()["customers"]) == 3
    assert "_" not in sim.get_data("/deployments")[0]["id"]
    bad: list[dict[str, Any]] = [{"customers": "x"}, {"customers": -1}, {"sead": 1}, {"settings": {"x": 1}}]
    for body in bad:
        assert sim.post("/_control/reset", body).status_code == 400


def test_seeded_customers(sim: SimulatorClient) -> None:
    state = sim.state()
    customers = {c["external_workspace_id"]: c for c in state["customers"]}
    assert len(customers) == 12
    assert {d["name"]: d["scenario"] for d in customers["brightsmile-dental"]["deployments"]} == {
        "Main site": "healthy", "Booking": "staged", "Newsletter": "last publish failed",
    }  # fmt: skip
    assert customers["quiet-harbor-law"]["deployments"] == []
    shared = {d["id"] for d in customers["fjord-yoga"]["deployments"]}
    assert shared & {d["id"] for d in customers["lotus-spa"]["deployments"]}
    assert len(state["unassigned"]) == 1
    for customer in customers:
        assert sim.get_data("/sandboxes", external_workspace_id=customer)


def test_request_log_redacts_values(sim: SimulatorClient) -> None:
    booking = sim.deployment("staged")["id"]
    sim.post(f"/deployments/{booking}/env", {"env": {"name": "hunter2", "KEY": "swordfish"}}, key="k-1")
    sim.post("/webhooks", {"url": "http://127.0.0.1:1/", "secret": "swordfish"})
    first, second = sim.requests()
    assert first["body"] == {"env": {"name": 7, "KEY": 9}}
    assert first["idempotency_key"] == "k-1"
    assert second["body"]["secret"] == 9
    assert set(first) == {"n", "method", "path", "query", "status", "idempotency_key", "body", "at"}
    detail = sim.get("/_control/requests", details=1).json()["requests"][0]["details"]
    assert detail["user_agent"].startswith("python-requests")


def test_actions(sim: SimulatorClient) -> None:
    main = sim.deployment("healthy")["id"]
    published = sim.run_action("publish", main)
    assert (published["version_number"], published["state"]) == (25, "ready")
    assert sim.get_data(f"/deployments/{main}")["active_version_id"] == published["id"]
    staged = sim.run_action("publish", main, promote=False, external_workspace_id="pawsome-vets")
    assert staged["external_workspace_id"] == "pawsome-vets"
    assert sim.get_data(f"/deployments/{main}")["active_version_id"] == published["id"]
    assert sim.run_action("promote", main, version_id=staged["id"])["active_version_id"] == staged["id"]
    assert sim.run_action("rollback", main, version_id=published["id"])["active_version_id"] == published["id"]
    assert sim.run_action("publish", main, outcome="failed_build")["state"] == "failed"
    assert sim.run_action("publish", main, steps=True)["state"] == "building"
    assert sim.run_action("stop", main)["state"] == "stopped"
    sim.run_action("delete_version", main, version_id=staged["id"])
    assert sim.get(f"/deployments/{main}/versions/{staged['id']}").status_code == 404
    sim.run_action("reattribute", main, external_workspace_id="corner-bakery")
    assert main in {row["id"] for row in sim.get_data("/deployments", external_workspace_id="corner-bakery")}
    sim.run_action("reattribute", main, version_id=published["id"], external_workspace_id=None)
    assert sim.get_data(f"/deployments/{main}/versions/{published['id']}")["external_workspace_id"] is None
    sim.run_action("delete_deployment", main)
    assert sim.get(f"/deployments/{main}").status_code == 404
    assert sim.post("/_control/actions", {"action": "publish", "deployment_id": main}).status_code == 404
    assert "publish" in sim.post("/_control/actions", {"action": "unknown"}).text


def test_action_publishes_a_history(sim: SimulatorClient) -> None:
    gifts = sim.deployment("short history")["id"]
    sim.run_action("history", gifts, count=5000)
    page = sim.get(f"/deployments/{gifts}/versions", limit=100).json()
    assert page["data"][0]["version_number"] == 5002
    assert sim.get_data(f"/deployments/{gifts}")["active_version_id"] == page["data"][0]["id"]


def test_artifacts_expire_as_time_advances(sim: SimulatorClient) -> None:
    main = sim.deployment("healthy")["id"]
    rows = {row["version_number"]: row for row in sim.get_data(f"/deployments/{main}/versions")}
    assert sim.post(f"/deployments/{main}/rollback", {"version_id": rows[23]["id"]}).status_code == 200
    before = sim.state()["now"]
    assert sim.post("/_control/advance", {"seconds": 31 * 86400}).json()["now"] > before
    assert sim.post(f"/deployments/{main}/rollback", {"version_id": rows[24]["id"]}).status_code == 410
    for seconds in (-1, "soon", None, True):
        assert sim.post("/_control/advance", {"seconds": seconds}).status_code == 400


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ({"records": [{"type": "CNAME", "value": "TARGET."}]}, "verified", None),
        ({"records": [{"type": "A", "value": "192.0.2.44", "ttl": 60}]}, "verified", None),
        ({"records": [{"type": "CNAME", "value": "elsewhere.example"}]}, "failed", "CNAME_MISMATCH"),
        ({"records": [{"type": "A", "value": "203.0.113.9"}]}, "failed", "CNAME_MISMATCH"),
        ({"rcode": "NXDOMAIN"}, "failed", "DNS_LOOKUP_FAILED"),
        ({"rcode": "TIMEOUT"}, "failed", "DNS_LOOKUP_FAILED"),
        ({"records": [{"type": "CNAME", "value": "app.shop.example"}]}, "failed", "DNS_LOOKUP_FAILED"),
    ],
)
def test_domain_checks_follow_dns(sim: SimulatorClient, answer: dict[str, Any], status: str, code: str | None) -> None:
    path = f"/deployments/{sim.deployment('healthy')['id']}/domains"
    row = sim.post(path, {"domain": "app.shop.example"}).json()["data"]
    for record in answer.get("records", []):
        record["value"] = record["value"].replace("TARGET", row["verification_target"])
    assert sim.post("/_control/dns", {"name": "App.Shop.Example.", **answer}).status_code == 200
    checked = sim.post(f"{path}/{row['id']}/verify").json()["data"]
    assert (checked["status"], checked.get("code")) == (status, code)
    sim.advance(5)
    final = next(domain for domain in sim.get_data(path) if domain["id"] == row["id"])
    assert final["status"] == ("active" if status == "verified" else "failed")


def test_dns_refuses_invalid_records(sim: SimulatorClient) -> None:
    bodies: list[dict[str, Any]] = [
        {"name": "x"},
        {"records": []},
        {"name": "x", "rcode": "MAYBE"},
        {"name": "x", "records": [{"type": "Z"}]},
        {"name": "x", "rcode": "SERVFAIL", "types": "CAA"},
        {"name": "x", "rcode": "BOGUS", "ede": "nine"},
    ]
    for body in bodies:
        assert sim.post("/_control/dns", body).status_code == 400
    sim.post("/_control/dns", {"name": "x.example", "rcode": "REFUSED"})
    assert {"name": "x.example", "rcode": "REFUSED", "records": []} in sim.get("/_control/dns").json()["names"]
    of_one_type = {"name": "y.example", "rcode": "SERVFAIL", "records": [], "types": ["CAA"], "ede": 22}
    assert of_one_type in sim.post("/_control/dns", of_one_type).json()["names"]


def test_canaries(sim: SimulatorClient) -> None:
    booking = sim.deployment("staged")["id"]
    assert "canary-" not in sim.get(f"/deployments/{booking}").text
    sim.configure(canaries=True)
    row = sim.get_data(f"/deployments/{booking}")
    assert all(row[key].startswith("canary-") for key in ("owner_id", "error_message", "internal_note"))
    assert row["name"] == "Booking"
    version = sim.get_data(f"/deployments/{booking}/versions")[0]
    assert all(version[key].startswith("canary-") for key in ("artifact_uri", "build_log_uri", "created_by"))
    instance = sim.get_data(f"/deployments/{booking}/runtime-instances")[0]
    assert instance["ip_address"].startswith("canary-ip_address-")
    refused = sim.get("/deployments/none")
    assert refused.json()["error"]["message"].startswith("canary-")
    assert refused.headers["x-served-by"].startswith("canary-")
    listed = sim.get("/_control/canaries").json()
    assert {row["owner_id"], version["artifact_uri"], instance["host_id"]} <= set(listed["canaries"])
    assert row["tenant_id"] in listed["internal"]


def test_canaries_in_open_fields(sim: SimulatorClient) -> None:
    booking = sim.deployment("staged")["id"]
    sim.configure(canaries="open")
    row = sim.get_data(f"/deployments/{booking}")
    assert row["state"].startswith("canary-state-")
    assert row["name"].startswith("Booking mi\x1b[1mosa-fra1")
    version = sim.get_data(f"/deployments/{booking}/versions")[0]
    assert version["kind"].startswith("canary-kind-")
    assert "canary-runtime_command-" in version["runtime_command"]


def test_unknown_control_endpoint_lists_the_others(sim: SimulatorClient) -> None:
    answer = sim.get("/_control/nothing")
    assert (answer.status_code, "/_control/reset" in answer.text) == (404, True)
    assert sim.request("POST", "/_control/reset", data="{").status_code == 400
