"""Knobs that change how publishing, the live version, env vars, domains and logs behave."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import SimulatorClient


def publish(sim: SimulatorClient, deployment: str, **body: Any) -> Any:
    return sim.post(f"/deployments/{deployment}/publish", {"source_sandbox_id": sim.sandbox_id(), **body})


def versions(sim: SimulatorClient, deployment: str) -> dict[int, dict[str, Any]]:
    return {row["version_number"]: row for row in sim.get_data(f"/deployments/{deployment}/versions", limit=100)}


def test_publish_modes(sim: SimulatorClient, main: str) -> None:
    answer = publish(sim, main)
    assert (answer.status_code, answer.json()["data"]["version"]["state"]) == (202, "building")
    sim.configure(publish_mode="async_created")
    assert publish(sim, main).json()["data"]["version"]["state"] == "created"
    sim.configure(publish_mode="sync")
    answer = publish(sim, main)
    assert (answer.status_code, answer.json()["data"]["promoted"]) == (200, True)
    for status in (404, 501):
        sim.configure(publish_route=status)
        assert publish(sim, main).status_code == status


def test_step_times(sim: SimulatorClient, main: str) -> None:
    def state_after(seconds: float) -> str:
        version = publish(sim, main).json()["data"]["version"]["id"]
        sim.advance(seconds)
        return str(sim.get_data(f"/deployments/{main}/versions/{version}")["state"])

    assert state_after(1.5) == "building"
    assert state_after(2.5) == "ready"
    sim.configure(step_times="instant")
    assert state_after(0) == "ready"
    sim.configure(step_times="slow")
    assert state_after(20) == "building"
    sim.configure(step_times="stuck")
    assert state_after(100_000) == "building"


@pytest.mark.parametrize("outcome", ["failed_build", "failed_health"])
def test_build_outcome(sim: SimulatorClient, main: str, outcome: str) -> None:
    live = sim.get_data(f"/deployments/{main}")["active_version_id"]
    sim.configure(build_outcome=outcome)
    version = publish(sim, main, kind="dynamic").json()["data"]["version"]["id"]
    sim.advance(3)
    row = sim.get_data(f"/deployments/{main}/versions/{version}")
    assert row["state"] == "failed"
    assert (row["artifact_sha256"] is None) == (outcome == "failed_build")
    assert sim.get_data(f"/deployments/{main}")["active_version_id"] == live
    assert "error" in sim.get(f"/deployments/{main}/versions/{version}/logs").text


def test_statuses_and_answers(sim: SimulatorClient, main: str) -> None:
    assert sim.post("/deployments", {"name": "One"}).status_code == 201
    sim.configure(create_status=200, mutation_answers="reduced")
    answer = sim.post("/deployments", {"name": "Two"})
    assert answer.status_code == 200
    assert set(answer.json()["data"]) == {"id", "active_version_id", "state", "public_url"}
    id_ = answer.json()["data"]["id"]
    sim.configure(delete_status=200)
    assert sim.request("DELETE", f"/deployments/{id_}").json() == {"id": id_, "deleted": True}
    assert sim.request("DELETE", f"/deployments/{id_}").status_code == 404
    sim.configure(redeploy_answer="build")
    answer = sim.post(f"/deployments/{main}/redeploy")
    assert (answer.status_code, answer.json()["data"]["state"]) == (202, "queued")


@pytest.mark.parametrize("touches", [False, True])
def test_version_touches_deployment(sim: SimulatorClient, main: str, touches: bool) -> None:
    sim.configure(version_touches_deployment=touches)
    before = sim.get_data(f"/deployments/{main}")
    publish(sim, main, promote=False)
    assert (sim.get_data(f"/deployments/{main}") == before) is not touches
    sim.advance(3)
    after = sim.get_data(f"/deployments/{main}")
    assert (after["updated_at"] == before["updated_at"]) is not touches
    assert after["state"] == "running"


def test_outgoing_and_reactivated_versions(sim: SimulatorClient, main: str, booking: str) -> None:
    rows = versions(sim, booking)
    sim.post(f"/deployments/{booking}/versions/{rows[12]['id']}/promote")
    assert versions(sim, booking)[11]["state"] == "archived"
    sim.post(f"/deployments/{booking}/rollback", {"version_id": rows[11]["id"]})
    row = versions(sim, booking)[11]
    assert (row["state"], row["promoted_at"] > row["archived_at"]) == ("archived", True)

    sim.configure(archive_outgoing=False, reactivated_state="ready")
    rows = versions(sim, main)
    sim.post(f"/deployments/{main}/rollback", {"version_id": rows[23]["id"]})
    after = versions(sim, main)
    assert (after[24]["state"], after[23]["state"], after[23]["archived_at"]) == ("ready", "ready", None)


def test_accepted_states(sim: SimulatorClient, main: str) -> None:
    rows = versions(sim, main)
    promote = f"/deployments/{main}/versions/{rows[22]['id']}/promote"
    assert sim.post(promote).status_code == 409
    sim.configure(refusal=422)
    assert sim.post(promote).json()["error"]["code"] == "VALIDATION_ERROR"
    sim.configure(promote_accepts="ready_archived")
    assert sim.post(promote).status_code == 200
    sim.configure(rollback_accepts="ready")
    assert sim.post(f"/deployments/{main}/rollback", {"version_id": rows[20]["id"]}).status_code == 422
    assert sim.post(f"/deployments/{main}/rollback", {"version_id": rows[11]["id"]}).status_code == 422
    assert sim.post(f"/deployments/{main}/rollback", {"version_id": "ver_of_another"}).status_code == 404


def test_promoting_the_live_version(sim: SimulatorClient, main: str) -> None:
    live = sim.get_data(f"/deployments/{main}")["active_version_id"]
    path = f"/deployments/{main}/versions/{live}/promote"
    assert sim.post(path).json()["data"]["active_version_id"] == live
    sim.configure(promote_live=409)
    assert sim.post(path).status_code == 409


def test_rollback_without_a_target(sim: SimulatorClient) -> None:
    clinic = sim.deployment("on a rollback")["id"]
    rows = versions(sim, clinic)
    assert sim.post(f"/deployments/{clinic}/rollback").json()["data"]["active_version_id"] == rows[18]["id"]
    sim.configure(rollback_default="number")
    assert sim.post(f"/deployments/{clinic}/rollback").json()["data"]["active_version_id"] == rows[17]["id"]


def test_artifacts_past_retention_are_gone(sim: SimulatorClient) -> None:
    showroom = sim.deployment("artifacts past retention are gone")["id"]
    oldest = versions(sim, showroom)[1]["id"]
    answer = sim.post(f"/deployments/{showroom}/rollback", {"version_id": oldest})
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "GONE")
    sim.configure(artifact_gc="never")
    assert sim.post(f"/deployments/{showroom}/rollback", {"version_id": oldest}).status_code == 200


def test_migration_backup(sim: SimulatorClient, booking: str) -> None:
    sim.configure(migration_backup="required")
    path = f"/deployments/{booking}/versions/{versions(sim, booking)[12]['id']}"
    assert sim.post(f"{path}/promote").json()["error"]["code"] == "MIGRATION_BACKUP_REQUIRED"
    assert sim.post(f"{path}/migration-backup").status_code == 201
    assert sim.post(f"{path}/promote").status_code == 200


def test_env(sim: SimulatorClient, booking: str) -> None:
    path = f"/deployments/{booking}/env"
    assert {row["name"] for row in sim.post(path, {"env": {"NEW": "1"}}).json()["data"]} >= {"NEW", "TIMEZONE"}
    sim.configure(env_mode="replace", env_rows="key_value")
    assert sim.post(path, {"env": {"ONLY": "open value"}}).json()["data"] == [{"key": "ONLY", "value": "open value"}]
    for status in (404, 405):
        sim.configure(env_delete=status)
        assert sim.request("DELETE", f"{path}/ONLY").status_code == status
    sim.configure(env_delete="supported")
    assert sim.request("DELETE", f"{path}/ONLY").status_code == 204
    assert sim.post(path, {"env": {"1BAD": "x"}}).status_code == 422
    assert sim.post(path, {"env": {"NUMBER": 3}}).status_code == 422


def test_domain_shapes(sim: SimulatorClient, main: str) -> None:
    path = f"/deployments/{main}/domains"
    assert sim.post(path, {"fqdn": "a.shop.example"}).json()["data"]["domain"] == "a.shop.example"
    assert sim.post(path, {"domain": "a.shop.example"}).status_code == 409
    assert sim.post(path, {"domain": "Not A Name"}).status_code == 422
    sim.configure(domain_keys="domain", dns_instructions="object")
    row = sim.post(path, {"domain": "shop.example"}).json()["data"]
    assert "fqdn" not in row
    assert row["dns_instructions"]["type"] == "A"
    sim.configure(dns_instructions="target", domain_status="verifying", domain_patch="404")
    row = sim.get_data(path)[0]
    assert not {"dns_records", "instructions", "dns_instructions"} & set(row)
    assert sim.request("PATCH", f"{path}/{row['id']}", json={"redirect_policy": "none"}).status_code == 404
    sim.post(f"{path}/{row['id']}/verify")
    assert sim.post(f"{path}/{row['id']}/verify").json()["data"]["status"] == "verifying"


@pytest.mark.parametrize(
    ("knob", "status", "code"),
    [("mismatch", "failed", "CNAME_MISMATCH"), ("lookup_failed", "failed", "DNS_LOOKUP_FAILED"),
     ("active", "active", None)],
)  # fmt: skip
def test_domain_verify(sim: SimulatorClient, main: str, knob: str, status: str, code: str | None) -> None:
    sim.configure(domain_verify=knob)
    id_ = sim.post(f"/deployments/{main}/domains", {"domain": "x.shop.example"}).json()["data"]["id"]
    row = sim.post(f"/deployments/{main}/domains/{id_}/verify").json()["data"]
    assert (row["status"], row.get("code")) == (status, code)
    sim.configure(domain_verify="refused")
    assert sim.post(f"/deployments/{main}/domains/{id_}/verify").status_code == 422


def test_logs_and_runtime(sim: SimulatorClient, booking: str) -> None:
    sim.configure(runtime_states="go")
    path = f"/deployments/{booking}"
    assert sim.get_data(f"{path}/runtime-instances")[0]["state"] == "healthy"
    stream = sim.request("GET", f"{path}/logs", headers={"Accept": "text/event-stream, application/json;q=0.9"})
    assert stream.text.endswith('data: {"type": "done", "result": {"state": "running"}}\n\n')
    assert sim.request("GET", f"{path}/logs", headers={"Accept": "text/event-stream"}).status_code == 406
    sim.configure(sse_alone=200, log_format="sse")
    assert sim.request("GET", f"{path}/logs", headers={"Accept": "text/event-stream"}).status_code == 200
    assert "event: log_line" in sim.get(f"{path}/logs").text
    live = sim.get_data(path)["active_version_id"]
    sim.configure(log_text="vendor")
    assert "s3://miosa" in sim.get(f"{path}/versions/{live}/logs").text
    assert "listening" in sim.get(f"{path}/versions/{live}/logs", stage="runtime_start").text
    sim.configure(log_text="huge")
    with sim.request("GET", f"{path}/versions/{live}/logs", stream=True) as answer:
        assert sum(map(len, answer.iter_content(1 << 20))) > 13_000_000
