"""Every change against the simulator, with each of its settings."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from portal import miosa
from tests.miosa.simulated import find_deployment_id, list_all_versions, new_key
from tests.simulator_control import SimulatorControl
from tests.waiting import wait_until


@pytest.mark.parametrize(
    "knobs",
    [
        {},
        {"mutation_answers": "reduced"},
        {"publish_mode": "sync", "mutation_answers": "reduced", "envelope": "bare"},
        {"envelope": "named", "create_status": 200, "delete_status": 200, "redeploy_answer": "build"},
        {"envelope": "nested", "redeploy_answer": "build"},
    ],
)
def test_a_deployment_from_create_to_delete(
    control: SimulatorControl, client: miosa.Client, knobs: dict[str, Any]
) -> None:
    control.configure(step_times="instant", **knobs)
    customer = "brightsmile-dental"
    created = client.deployments.create(name="Fresh", external_workspace_id=customer, idempotency_key=new_key())
    assert created.deployment_id
    fresh, sandbox = created.deployment_id, client.sandboxes.list(external_workspace_id=customer).items[0].id
    first, last = publish_back_and_forth(client, fresh, sandbox)

    client.deployments.update(fresh, name="Renamed", idempotency_key=new_key())
    assert client.deployments.get(fresh).name == "Renamed"
    redeployed = client.deployments.redeploy(fresh, idempotency_key=new_key())
    assert redeployed.deployment_id == fresh
    assert (redeployed.build is not None) is (knobs.get("redeploy_answer") == "build")
    assert client.versions.logs(fresh, last, stage="build")
    assert client.versions.get(fresh, first).version_number == 1
    client.deployments.stop(fresh, idempotency_key=new_key())
    client.deployments.delete(fresh, idempotency_key=new_key())
    with pytest.raises(miosa.NotFound):
        client.deployments.get(fresh)
    changes = [row for row in control.requests() if row["method"] != "GET"]
    assert len({row["idempotency_key"] for row in changes}) == len(changes) == 10


def publish_back_and_forth(client: miosa.Client, deployment_id: str, sandbox_id: str) -> tuple[str, str]:
    """Publish, publish over the bridge, roll back, stage, promote; the ids of the first and the last version."""

    def live() -> object:
        return client.deployments.get(deployment_id).active_version_id

    first = client.deployments.publish(
        deployment_id, source_sandbox_id=sandbox_id, idempotency_key=new_key()
    ).version_id
    assert first
    wait_until(lambda: live() == first, seconds=20)
    client.deployments.publish_from_sandbox(sandbox_id, deployment_id=deployment_id, idempotency_key=new_key())
    wait_until(lambda: live() != first, seconds=20)
    back = client.deployments.rollback(deployment_id, version_id=first, idempotency_key=new_key())
    assert back.deployment_id == deployment_id
    assert live() == first
    staged = client.deployments.publish(
        deployment_id, source_sandbox_id=sandbox_id, promote=False, idempotency_key=new_key()
    ).version_id
    assert staged
    wait_until(lambda: client.versions.get(deployment_id, staged).state == "ready", seconds=20)
    assert live() == first
    client.versions.promote(deployment_id, staged, idempotency_key=new_key())
    assert live() == staged
    return first, staged


@pytest.mark.parametrize("rows", ["masked", "key_value"])
def test_env_vars(control: SimulatorControl, client: miosa.Client, rows: str) -> None:
    deployment_id = find_deployment_id(control, "healthy")
    control.configure(env_rows=rows)
    page = client.env.set(deployment_id, {"NEW_ONE": "planted-value"}, idempotency_key=new_key())
    listed = client.env.list(deployment_id)
    assert "planted-value" not in repr(page) + repr(listed)
    assert "NEW_ONE" in {row.name for row in listed.items}
    client.env.delete(deployment_id, "NEW_ONE", idempotency_key=new_key())
    assert "NEW_ONE" not in {row.name for row in client.env.list(deployment_id).items}


@pytest.mark.parametrize(("answer", "kind"), [("404", miosa.NotFound), ("405", miosa.NotSupported)])
def test_env_vars_that_cannot_be_deleted(
    control: SimulatorControl, client: miosa.Client, answer: str, kind: type[miosa.MiosaError]
) -> None:
    control.configure(env_delete=answer)
    with pytest.raises(kind):
        client.env.delete(find_deployment_id(control, "healthy"), "A", idempotency_key=new_key())


@pytest.mark.parametrize("keys", ["both", "domain"])
@pytest.mark.parametrize("instructions", ["records", "object", "text", "target"])
def test_domains(control: SimulatorControl, client: miosa.Client, keys: str, instructions: str) -> None:
    control.configure(domain_keys=keys, dns_instructions=instructions)
    deployment_id = find_deployment_id(control, "healthy")
    added = client.domains.add(deployment_id, domain="new.example.test", idempotency_key=new_key()).domain
    assert added is not None
    assert added.domain == "new.example.test"
    assert added.dns_records or added.instructions
    for _ in range(3):
        client.domains.verify(deployment_id, added.id, idempotency_key=new_key())
    client.domains.update(deployment_id, added.id, redirect_policy="www_to_apex", idempotency_key=new_key())
    listed = {row.id: row for row in client.domains.list(deployment_id).items}
    assert listed[added.id].redirect_policy == "www_to_apex"
    client.domains.delete(deployment_id, added.id, idempotency_key=new_key())


@pytest.mark.parametrize("outcome", ["mismatch", "lookup_failed", "refused"])
def test_a_failed_verification(control: SimulatorControl, client: miosa.Client, outcome: str) -> None:
    control.configure(domain_verify=outcome)
    deployment_id = find_deployment_id(control, "healthy")
    added = client.domains.add(deployment_id, domain="bad.example.test", idempotency_key=new_key()).domain
    assert added is not None
    try:
        checked = client.domains.verify(deployment_id, added.id, idempotency_key=new_key()).domain
        assert checked is not None
        code = checked.error_code
    except miosa.Refused as refusal:
        code = refusal.upstream_code
    assert code in {"cname_mismatch", "dns_lookup_failed"}


def test_the_same_key_again_changes_nothing(control: SimulatorControl, client: miosa.Client) -> None:
    again = new_key()
    first = client.deployments.create(name="Once", idempotency_key=again)
    second = client.deployments.create(name="Once", idempotency_key=again)
    assert (first.replayed, second.replayed) == (False, True)
    assert first.deployment_id == second.deployment_id
    with pytest.raises(miosa.Conflict) as caught:
        client.deployments.create(name="Twice", idempotency_key=again)
    assert caught.value.key_mismatch


def test_a_key_in_use(control: SimulatorControl, client: miosa.Client) -> None:
    control.fault("*/deployments", method="POST", delay_s=3)
    same = new_key()
    first = threading.Thread(target=lambda: client.deployments.create(name="Slow", idempotency_key=same))
    first.start()
    wait_until(lambda: any(row["method"] == "POST" for row in control.requests()), seconds=20)
    with pytest.raises(miosa.Conflict) as caught:
        client.deployments.create(name="Slow", idempotency_key=same)
    first.join()
    assert caught.value.in_flight
    assert caught.value.sent
    assert client.deployments.create(name="Slow", idempotency_key=same).replayed


@pytest.mark.parametrize(
    ("do", "kind", "sent"),
    [
        ({"drop_before": True}, miosa.AnswerLost, True),
        ({"drop_after": True}, miosa.AnswerLost, True),
        ({"status": 503}, miosa.ServerError, True),
        ({"delay_s": 1}, miosa.DeadlineExceeded, True),
        ({"drip_s": 0.2}, miosa.DeadlineExceeded, True),
        ({"body": "<html>oh"}, miosa.BadAnswer, True),
        ({"body": '{"data": {"id'}, miosa.BadAnswer, True),
        ({"status": 429, "retry_after": 30}, miosa.RateLimited, False),
        ({"status": 410}, miosa.Gone, False),
    ],
)
def test_faults_of_a_change(
    control: SimulatorControl, client: miosa.Client, do: dict[str, Any], kind: type[miosa.MiosaError], sent: bool
) -> None:
    deployment_id = find_deployment_id(control, "healthy")
    live = client.deployments.get(deployment_id).active_version_id
    assert live
    control.fault("*/rollback", method="POST", **do)
    with pytest.raises(kind) as caught:
        client.bind(deadline_s=0.5).deployments.rollback(deployment_id, version_id=live, idempotency_key=new_key())
    assert caught.value.sent is sent
    assert len([row for row in control.requests() if row["method"] == "POST"]) <= 1
    assert caught.value.retry_after_s == do.get("retry_after")


def test_an_artifact_past_retention(control: SimulatorControl, client: miosa.Client) -> None:
    deployment_id = find_deployment_id(control, "artifacts past retention are gone")
    oldest = min(list_all_versions(client, deployment_id), key=lambda row: row.version_number)
    with pytest.raises(miosa.Gone):
        client.deployments.rollback(deployment_id, version_id=oldest.id, idempotency_key=new_key())
