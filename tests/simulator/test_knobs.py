"""Each knob by what it changes on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from portal.simulator.knobs import KNOBS
from tests.simulator.conftest import Caller

MAIN_FILTER = {"external_workspace_id": "brightsmile-dental"}


@pytest.fixture
def main(sim: Caller) -> str:
    return str(sim.scenario("healthy")["id"])


@pytest.fixture
def booking(sim: Caller) -> str:
    return str(sim.scenario("staged")["id"])


def sandbox(sim: Caller) -> str:
    return str(sim.data("/sandboxes", **MAIN_FILTER)[0]["id"])


def publish(sim: Caller, deployment: str, **body: Any) -> Any:
    return sim.post(f"/deployments/{deployment}/publish", {"source_sandbox_id": sandbox(sim), **body})


def versions(sim: Caller, deployment: str) -> dict[int, dict[str, Any]]:
    return {row["version_number"]: row for row in sim.data(f"/deployments/{deployment}/versions", limit=100)}


def rows_of(body: Any) -> list[dict[str, Any]]:
    while isinstance(body, dict):
        body = next(value for value in body.values() if isinstance(value, (list, dict)))
    return list(body)


def test_every_choice_is_accepted_and_shown(sim: Caller) -> None:
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
def test_an_unknown_knob_or_value_lists_the_choices(sim: Caller, body: dict[str, Any], listed: str) -> None:
    answer = sim.post("/_control/settings", body)
    assert (answer.status_code, listed in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("envelope", "keys"),
    [("data", ["data"]), ("bare", None), ("items", ["items"]), ("named", ["deployments"]),
     ("nested", ["data", "deployments"])],
)  # fmt: skip
def test_envelope(sim: Caller, envelope: str, keys: list[str] | None) -> None:
    sim.set(envelope=envelope)
    body = sim.get("/deployments", **MAIN_FILTER).json()
    for key in keys or []:
        body = body[key]
    assert len(body) == 3


@pytest.mark.parametrize("order", ["newest", "oldest", "random"])
def test_list_order_is_stable_over_pages(sim: Caller, main: str, order: str) -> None:
    sim.set(list_order=order)
    numbers: list[int] = []
    cursor = None
    while len(numbers) < 30:
        page = sim.get(f"/deployments/{main}/versions", limit=7, cursor=cursor).json()
        numbers += [row["version_number"] for row in page["data"]]
        if not (cursor := page["next_cursor"]):
            break
    expected = {"newest": list(range(24, 0, -1)), "oldest": list(range(1, 25))}.get(order)
    assert numbers == expected if expected else sorted(numbers) == list(range(1, 25)) != numbers


def test_paging_by_page_number(sim: Caller, main: str) -> None:
    sim.set(paging="page")
    body = sim.get(f"/deployments/{main}/versions", limit=100, page=2).json()
    assert body["page"] == {"page": 2, "page_size": 20, "total": 24}
    assert len(body["data"]) == 4
    sim.set(paging="meta")
    assert sim.get(f"/deployments/{main}/versions", per_page=5).json()["meta"]["per_page"] == 5


def test_other_paging(sim: Caller, main: str) -> None:
    path = f"/deployments/{main}/versions"
    sim.set(paging="next")
    assert sim.get(path, limit=2).json()["cursor"]
    sim.set(paging="none")
    assert len(sim.get(path).json()["data"]) == 24
    sim.set(paging="loop")
    first = sim.get(path, limit=2).json()["next_cursor"]
    assert sim.get(path, limit=2, cursor=first).json()["next_cursor"] == first


def test_limits(sim: Caller) -> None:
    assert sim.get("/deployments", limit="many").status_code == 400
    assert sim.get("/deployments", limit=1000).status_code == 200
    sim.set(limit_over="refuse")
    assert sim.get("/deployments", limit=1000).status_code == 400
    sim.set(limit_param="refused")
    assert sim.get("/deployments", limit=10).status_code == 400
    assert sim.get("/deployments").status_code == 200


def test_rows(sim: Caller, main: str) -> None:
    path = f"/deployments/{main}/versions"
    sim.set(version_rows="reduced")
    row = sim.data(path)[0]
    assert "tenant_id" not in row
    assert "external_workspace_id" not in row
    assert sim.data(f"{path}/{row['id']}")["external_workspace_id"] == "brightsmile-dental"
    sim.set(version_rows="full", time_keys="inserted_at", enum_values="unknown", metadata="null")
    row = sim.data(path)[0]
    assert "inserted_at" in row
    assert row["state"].endswith("_v2")
    assert row["metadata"] is None
    sim.set(broken_row="one", enum_values="known")
    assert sim.data(path)[0]["version_number"] == "not a number"


def test_attribution_filter(sim: Caller) -> None:
    sim.set(attribution_filter="ignored")
    owners = {row["external_workspace_id"] for row in sim.data("/deployments", **MAIN_FILTER)}
    assert len(owners) > 3


def test_publish_modes(sim: Caller, main: str) -> None:
    answer = publish(sim, main)
    assert (answer.status_code, answer.json()["data"]["version"]["state"]) == (202, "building")
    sim.set(publish_mode="async_created")
    assert publish(sim, main).json()["data"]["version"]["state"] == "created"
    sim.set(publish_mode="sync")
    answer = publish(sim, main)
    assert (answer.status_code, answer.json()["data"]["promoted"]) == (200, True)
    for status in (404, 501):
        sim.set(publish_route=status)
        assert publish(sim, main).status_code == status


def test_step_times(sim: Caller, main: str) -> None:
    def state_after(seconds: float) -> str:
        version = publish(sim, main).json()["data"]["version"]["id"]
        sim.post("/_control/advance", {"seconds": seconds})
        return str(sim.data(f"/deployments/{main}/versions/{version}")["state"])

    assert state_after(1.5) == "building"
    assert state_after(2.5) == "ready"
    sim.set(step_times="instant")
    assert state_after(0) == "ready"
    sim.set(step_times="slow")
    assert state_after(20) == "building"
    sim.set(step_times="stuck")
    assert state_after(100_000) == "building"


@pytest.mark.parametrize("outcome", ["failed_build", "failed_health"])
def test_build_outcome(sim: Caller, main: str, outcome: str) -> None:
    live = sim.data(f"/deployments/{main}")["active_version_id"]
    sim.set(build_outcome=outcome)
    version = publish(sim, main, kind="dynamic").json()["data"]["version"]["id"]
    sim.post("/_control/advance", {"seconds": 3})
    row = sim.data(f"/deployments/{main}/versions/{version}")
    assert row["state"] == "failed"
    assert (row["artifact_sha256"] is None) == (outcome == "failed_build")
    assert sim.data(f"/deployments/{main}")["active_version_id"] == live
    assert "error" in sim.get(f"/deployments/{main}/versions/{version}/logs").text


def test_statuses_and_answers(sim: Caller, main: str) -> None:
    assert sim.post("/deployments", {"name": "One"}).status_code == 201
    sim.set(create_status=200, mutation_answers="reduced")
    answer = sim.post("/deployments", {"name": "Two"})
    assert answer.status_code == 200
    assert set(answer.json()["data"]) == {"id", "active_version_id", "state", "public_url"}
    id_ = answer.json()["data"]["id"]
    sim.set(delete_status=200)
    assert sim.call("DELETE", f"/deployments/{id_}").json() == {"id": id_, "deleted": True}
    assert sim.call("DELETE", f"/deployments/{id_}").status_code == 404
    sim.set(redeploy_answer="build")
    answer = sim.post(f"/deployments/{main}/redeploy")
    assert (answer.status_code, answer.json()["data"]["state"]) == (202, "queued")


@pytest.mark.parametrize("touches", [False, True])
def test_version_touches_deployment(sim: Caller, main: str, touches: bool) -> None:
    sim.set(version_touches_deployment=touches)
    before = sim.data(f"/deployments/{main}")
    publish(sim, main, promote=False)
    assert (sim.data(f"/deployments/{main}") == before) is not touches
    sim.post("/_control/advance", {"seconds": 3})
    after = sim.data(f"/deployments/{main}")
    assert (after["updated_at"] == before["updated_at"]) is not touches
    assert after["state"] == "running"


def test_the_outgoing_version(sim: Caller, main: str, booking: str) -> None:
    rows = versions(sim, booking)
    sim.post(f"/deployments/{booking}/versions/{rows[12]['id']}/promote")
    assert versions(sim, booking)[11]["state"] == "archived"
    sim.post(f"/deployments/{booking}/rollback", {"version_id": rows[11]["id"]})
    row = versions(sim, booking)[11]
    assert (row["state"], row["promoted_at"] > row["archived_at"]) == ("archived", True)

    sim.set(archive_outgoing=False, reactivated_state="ready")
    rows = versions(sim, main)
    sim.post(f"/deployments/{main}/rollback", {"version_id": rows[23]["id"]})
    after = versions(sim, main)
    assert (after[24]["state"], after[23]["state"], after[23]["archived_at"]) == ("ready", "ready", None)


def test_accepted_states(sim: Caller, main: str) -> None:
    rows = versions(sim, main)
    promote = f"/deployments/{main}/versions/{rows[22]['id']}/promote"
    assert sim.post(promote).status_code == 409
    sim.set(refusal=422)
    assert sim.post(promote).json()["error"]["code"] == "VALIDATION_ERROR"
    sim.set(promote_accepts="ready_archived")
    assert sim.post(promote).status_code == 200
    sim.set(rollback_accepts="ready")
    assert sim.post(f"/deployments/{main}/rollback", {"version_id": rows[20]["id"]}).status_code == 422
    assert sim.post(f"/deployments/{main}/rollback", {"version_id": rows[11]["id"]}).status_code == 422
    assert sim.post(f"/deployments/{main}/rollback", {"version_id": "ver_of_another"}).status_code == 404


def test_promoting_what_is_live(sim: Caller, main: str) -> None:
    live = sim.data(f"/deployments/{main}")["active_version_id"]
    path = f"/deployments/{main}/versions/{live}/promote"
    assert sim.post(path).json()["data"]["active_version_id"] == live
    sim.set(promote_live=409)
    assert sim.post(path).status_code == 409


def test_an_empty_rollback(sim: Caller) -> None:
    clinic = sim.scenario("on a rollback")["id"]
    rows = versions(sim, clinic)
    assert sim.post(f"/deployments/{clinic}/rollback").json()["data"]["active_version_id"] == rows[18]["id"]
    sim.set(rollback_default="number")
    assert sim.post(f"/deployments/{clinic}/rollback").json()["data"]["active_version_id"] == rows[17]["id"]


def test_artifacts_past_retention(sim: Caller) -> None:
    showroom = sim.scenario("artifacts past retention are gone")["id"]
    oldest = versions(sim, showroom)[1]["id"]
    answer = sim.post(f"/deployments/{showroom}/rollback", {"version_id": oldest})
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "GONE")
    sim.set(artifact_gc="never")
    assert sim.post(f"/deployments/{showroom}/rollback", {"version_id": oldest}).status_code == 200


def test_migration_backup(sim: Caller, booking: str) -> None:
    sim.set(migration_backup="required")
    path = f"/deployments/{booking}/versions/{versions(sim, booking)[12]['id']}"
    assert sim.post(f"{path}/promote").json()["error"]["code"] == "MIGRATION_BACKUP_REQUIRED"
    assert sim.post(f"{path}/migration-backup").status_code == 201
    assert sim.post(f"{path}/promote").status_code == 200


def test_env(sim: Caller, booking: str) -> None:
    path = f"/deployments/{booking}/env"
    assert {row["name"] for row in sim.post(path, {"env": {"NEW": "1"}}).json()["data"]} >= {"NEW", "TIMEZONE"}
    sim.set(env_mode="replace", env_rows="key_value")
    assert sim.post(path, {"env": {"ONLY": "open value"}}).json()["data"] == [{"key": "ONLY", "value": "open value"}]
    for status in (404, 405):
        sim.set(env_delete=status)
        assert sim.call("DELETE", f"{path}/ONLY").status_code == status
    sim.set(env_delete="supported")
    assert sim.call("DELETE", f"{path}/ONLY").status_code == 204
    assert sim.post(path, {"env": {"1BAD": "x"}}).status_code == 422
    assert sim.post(path, {"env": {"NUMBER": 3}}).status_code == 422


def test_domain_shapes(sim: Caller, main: str) -> None:
    path = f"/deployments/{main}/domains"
    assert sim.post(path, {"fqdn": "a.shop.example"}).json()["data"]["domain"] == "a.shop.example"
    assert sim.post(path, {"domain": "a.shop.example"}).status_code == 409
    assert sim.post(path, {"domain": "Not A Name"}).status_code == 422
    sim.set(domain_keys="domain", dns_instructions="object")
    row = sim.post(path, {"domain": "shop.example"}).json()["data"]
    assert "fqdn" not in row
    assert row["dns_instructions"]["type"] == "A"
    sim.set(dns_instructions="target", domain_status="verifying", domain_patch="404")
    row = sim.data(path)[0]
    assert not {"dns_records", "instructions", "dns_instructions"} & set(row)
    assert sim.call("PATCH", f"{path}/{row['id']}", json={"redirect_policy": "none"}).status_code == 404
    sim.post(f"{path}/{row['id']}/verify")
    assert sim.post(f"{path}/{row['id']}/verify").json()["data"]["status"] == "verifying"


@pytest.mark.parametrize(
    ("knob", "status", "code"),
    [("mismatch", "failed", "CNAME_MISMATCH"), ("lookup_failed", "failed", "DNS_LOOKUP_FAILED"),
     ("active", "active", None)],
)  # fmt: skip
def test_domain_verify(sim: Caller, main: str, knob: str, status: str, code: str | None) -> None:
    sim.set(domain_verify=knob)
    id_ = sim.post(f"/deployments/{main}/domains", {"domain": "x.shop.example"}).json()["data"]["id"]
    row = sim.post(f"/deployments/{main}/domains/{id_}/verify").json()["data"]
    assert (row["status"], row.get("code")) == (status, code)
    sim.set(domain_verify="refused")
    assert sim.post(f"/deployments/{main}/domains/{id_}/verify").status_code == 422


def test_logs_and_runtime(sim: Caller, booking: str) -> None:
    sim.set(runtime_states="go")
    path = f"/deployments/{booking}"
    assert sim.data(f"{path}/runtime-instances")[0]["state"] == "healthy"
    stream = sim.call("GET", f"{path}/logs", headers={"Accept": "text/event-stream, application/json;q=0.9"})
    assert stream.text.endswith('data: {"type": "done", "result": {"state": "running"}}\n\n')
    assert sim.call("GET", f"{path}/logs", headers={"Accept": "text/event-stream"}).status_code == 406
    sim.set(sse_alone=200, log_format="sse")
    assert sim.call("GET", f"{path}/logs", headers={"Accept": "text/event-stream"}).status_code == 200
    assert "event: log_line" in sim.get(f"{path}/logs").text
    live = sim.data(path)["active_version_id"]
    sim.set(log_text="vendor")
    assert "s3://miosa" in sim.get(f"{path}/versions/{live}/logs").text
    assert "listening" in sim.get(f"{path}/versions/{live}/logs", stage="runtime_start").text
    sim.set(log_text="huge")
    with sim.call("GET", f"{path}/versions/{live}/logs", stream=True) as answer:
        assert sum(map(len, answer.iter_content(1 << 20))) > 50_000_000


def test_ids_and_types(sim: Caller) -> None:
    sim.set(id_form="uuid", content_type="application/vnd.api+json")
    answer = sim.post("/deployments", {"name": "Uuid"})
    assert answer.headers["Content-Type"] == "application/vnd.api+json"
    assert answer.json()["data"]["id"].count("-") == 4


@pytest.mark.parametrize("shape", KNOBS["error_shape"].choices)
def test_error_shapes(sim: Caller, shape: str) -> None:
    sim.set(error_shape=shape)
    answer = sim.get("/deployments/dep_none")
    assert answer.status_code == 404
    assert answer.headers["x-request-id"]
    if shape in ("text", "html"):
        assert "json" not in answer.headers["Content-Type"]
    elif shape == "canonical":
        assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
    else:
        assert answer.json()


def test_rate_limit(sim: Caller) -> None:
    sim.set(rate_limit_rpm=30)
    assert {sim.get("/deployments", limit=1).status_code for _ in range(30)} == {200}
    refused = sim.get("/deployments", limit=1)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert sim.get("/_control/requests").status_code == 200
    sim.post("/_control/advance", {"seconds": 61})
    assert sim.get("/deployments", limit=1).status_code == 200


def test_idempotency(sim: Caller) -> None:
    def create(name: str) -> Any:
        return sim.post("/deployments", {"name": name}, key="one-key")

    first, again = create("Once"), create("Once")
    assert first.json()["data"]["id"] == again.json()["data"]["id"]
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    other = create("Other")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IDEMPOTENCY_PAYLOAD_MISMATCH")
    sim.post("/_control/advance", {"seconds": 25 * 3600})
    assert create("Once").json()["data"]["id"] != first.json()["data"]["id"]
    sim.set(idempotency=False)
    assert create("Once").json()["data"]["id"] != create("Once").json()["data"]["id"]
