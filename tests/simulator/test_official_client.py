"""The official Python client, unchanged, through a whole lifecycle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from miosa import AsyncMiosa, Miosa
from miosa.errors import MiosaError

from tests.simulator.conftest import SimulatorClient

CUSTOMER = "brightsmile-dental"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def api(sim: SimulatorClient) -> Any:
    with Miosa(api_key="msk_test_demo", base_url=sim.url) as client:
        yield client.deployments


def test_a_whole_lifecycle(sim: SimulatorClient, api: Any) -> None:
    created = api.create(name="Spring offers", metadata={"a": 1}, external_workspace_id=CUSTOMER)
    assert created.state.value == "pending"
    assert created.external_workspace_id == CUSTOMER
    sandbox_id = sim.get_data("/sandboxes", external_workspace_id=CUSTOMER)[0]["id"]

    first = api.publish(created.id, source_sandbox_id=sandbox_id)
    assert (first.version.version_number, first.version.state.value, first.promoted) == (1, "building", False)
    sim.advance(3)
    assert api.get(created.id).active_version_id == first.version.id

    staged = api.publish(created.id, source_sandbox_id=sandbox_id, promote=False)
    sim.advance(3)
    versions = api.versions(created.id)
    assert [(v.version_number, v.state.value) for v in versions.list()] == [(2, "ready"), (1, "ready")]
    assert versions.get(staged.version.id).promoted_at is None

    assert versions.promote(staged.version.id).active_version_id == staged.version.id
    assert versions.get(first.version.id).state.value == "archived"
    assert api.rollback(created.id, version_id=first.version.id).active_version_id == first.version.id
    assert api.rollback(created.id).active_version_id == staged.version.id

    assert api.redeploy(created.id).state.value == "running"
    assert api.stop(created.id).state.value == "stopped"
    assert api.update(created.id, name="Summer offers").name == "Summer offers"
    api.delete(created.id)
    with pytest.raises(MiosaError):
        api.get(created.id)


def test_everything_below_a_deployment(sim: SimulatorClient, api: Any) -> None:
    booking = sim.deployment("staged")["id"]
    releases = api.releases(booking)
    newest = releases.list()[0]
    assert releases.get(newest.id).deployment_version_id
    assert releases.promote(newest.id).active_release_id == newest.id

    instances = api.runtime_instances(booking)
    assert instances.get(instances.list()[0].id).state.value
    assert isinstance(instances.logs(instances.list()[0].id, lines=5)["logs"], str)

    assert {row["name"] for row in api.set_env(booking, {"GREETING": "good morning"})} >= {"GREETING", "DATABASE_URL"}
    assert "good morning" not in str(api.list_env(booking))

    domains = api.domains(booking)
    added = domains.add("slots.brightsmile.example")
    assert added["dns_records"][0]["type"] == "CNAME"
    assert [domains.verify(added["id"])["status"] for _ in range(3)] == ["pending", "verified", "active"]
    assert added["id"] in {row["id"] for row in domains.list()}
    domains.delete(added["id"])

    version = api.versions(booking).list(state="failed")[0]
    assert "Health check failed" in api.version_logs(booking, version.id)
    assert api.migration_backup(booking, version.id)["backup"]["state"] == "completed"
    assert api.attach_database(booking, database_id="db_1")["database_id"] == "db_1"
    assert api.connectors(booking).list() == []
    for read in (api.get_logs, api.observability, api.request_logs, api.routes, api.proof, api.prove):
        assert read(booking)
    assert api.move(booking, target_workspace_id=api.get(booking).workspace_id).id == booking


def test_builds_bridge_workspaces_and_sandboxes(sim: SimulatorClient, api: Any) -> None:
    portal = sim.deployment("repository builds")["id"]
    failed = next(build for build in api.list_builds(portal) if build.state == "failed")
    assert api.get_build(portal, failed.id).error_message

    sandbox = sim.get_data("/sandboxes", external_workspace_id=CUSTOMER)[0]["id"]
    bridged = api.publish_from_sandbox(sandbox, name="From a sandbox", kind="static")
    assert bridged["deployment"]["external_workspace_id"] == CUSTOMER
    assert api.create_docker_deploy(name="Engine").metadata["deployment_product"] == "docker_deploy"

    with Miosa(api_key="msk_test_demo", base_url=sim.url) as client:
        assert len(client.workspaces.list()) >= 12
        assert [box.id for box in client.sandboxes.list(external_workspace_id=CUSTOMER)]
        assert client.sandboxes.get(sandbox).id == sandbox


def test_filters_and_refusals(sim: SimulatorClient, api: Any) -> None:
    assert {d.name for d in api.list(external_workspace_id=CUSTOMER)} == {"Main site", "Booking", "Newsletter"}
    assert api.list(state="running", limit=2)
    newsletter = sim.deployment("last publish failed")["id"]
    failed = api.versions(newsletter).list(state="failed")[0]
    with pytest.raises(MiosaError) as refusal:
        api.versions(newsletter).promote(failed.id)
    assert refusal.value.status_code == 409


def test_the_asynchronous_client(sim: SimulatorClient) -> None:
    async def lifecycle() -> None:
        async with AsyncMiosa(api_key="msk_test_demo", base_url=sim.url) as client:
            api = client.deployments
            created = await api.create(name="Async", external_workspace_id=CUSTOMER)
            sandbox = (await client.sandboxes.list(external_workspace_id=CUSTOMER))[0].id
            published = await api.publish(created.id, source_sandbox_id=sandbox)
            sim.advance(3)
            assert (await api.get(created.id)).active_version_id == published.version.id
            assert (await api.versions(created.id).get(published.version.id)).state.value == "ready"
            assert await api.releases(created.id).list()
            assert await api.runtime_instances(created.id).list() is not None
            assert (await api.domains(created.id).add("async.example"))["fqdn"] == "async.example"
            assert await api.set_env(created.id, {"A": "b"})
            assert await api.list_builds(created.id) == []
            assert len(await client.workspaces.list()) >= 12
            assert (await api.redeploy(created.id)).id == created.id
            await api.delete(created.id)

    # An earlier browser test may have left its event loop in this thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, lifecycle()).result()


def test_a_build_ends_in_real_time(sim: SimulatorClient, api: Any) -> None:
    main = sim.deployment("healthy")["id"]
    sandbox_id = sim.get_data("/sandboxes", external_workspace_id=CUSTOMER)[0]["id"]
    version = api.publish(main, source_sandbox_id=sandbox_id).version
    wait_until(lambda: api.get(main).active_version_id == version.id)
