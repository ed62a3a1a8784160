"""Every read against the simulator, with each of its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal import miosa
from tests.miosa.simulated import find_deployment_id, list_all_versions, new_key
from tests.simulator_control import SimulatorControl

READS: list[tuple[str, Callable[[miosa.Client, str], object]]] = [
    ("deployments", lambda c, d: c.deployments.list().items[0].id),
    ("deployment", lambda c, d: c.deployments.get(d).name),
    ("versions", lambda c, d: [row.version_number for row in c.versions.list(d).items]),
    ("version", lambda c, d: c.versions.get(d, c.versions.list(d).items[0].id).created_at),
    ("releases", lambda c, d: [row for page in c.releases.pages(d) for row in page.items]),
    ("builds", lambda c, d: c.builds.list(d).items),
    ("env", lambda c, d: c.env.list(d).items),
    ("domains", lambda c, d: c.domains.list(d).items),
    ("runtime instances", lambda c, d: c.runtime_instances.list(d).items),
    ("sandboxes", lambda c, d: c.sandboxes.list().items),
    ("workspaces", lambda c, d: c.workspaces.list().items),
    ("tenant", lambda c, d: c.tenant.current()),
]


@pytest.mark.parametrize("envelope", ["data", "bare", "items", "named", "nested"])
@pytest.mark.parametrize(("name", "read"), READS, ids=[name for name, _ in READS])
def test_every_read_in_every_envelope(
    control: SimulatorControl,
    client: miosa.Client,
    envelope: str,
    name: str,
    read: Callable[[miosa.Client, str], object],
) -> None:
    deployment_id = find_deployment_id(control, "healthy")
    expected = read(client, deployment_id)
    control.configure(envelope=envelope)
    assert read(client, deployment_id) == expected, name


@pytest.mark.parametrize("paging", ["cursor", "next", "page", "meta"])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_four_hundred_versions_in_every_style_of_paging(
    control: SimulatorControl, client: miosa.Client, paging: str, order: str
) -> None:
    long = find_deployment_id(control, "long history")
    control.configure(paging=paging, list_order=order)
    pages = list(client.versions.pages(long))
    numbers = [row.version_number for page in pages for row in page.items]
    assert len(numbers) == len(set(numbers)) == 400
    assert not any(page.loop or page.unreadable for page in pages)
    assert len(pages) == (4 if paging in {"cursor", "next"} else len(pages))


def test_a_history_without_paging(control: SimulatorControl, client: miosa.Client) -> None:
    control.configure(paging="none")
    assert len(list_all_versions(client, find_deployment_id(control, "long history"))) == 400


def test_a_history_with_circular_paging(control: SimulatorControl, client: miosa.Client) -> None:
    control.configure(paging="loop")
    pages = list(client.versions.pages(find_deployment_id(control, "long history")))
    assert pages[-1].loop
    rows = [row.id for page in pages for row in page.items]
    assert len(rows) == len(set(rows))


def test_a_refused_limit(control: SimulatorControl, client: miosa.Client) -> None:
    control.configure(limit_param="refused")
    assert len(list_all_versions(client, find_deployment_id(control, "long history"))) == 400


def test_one_broken_row(control: SimulatorControl, client: miosa.Client) -> None:
    deployment_id = find_deployment_id(control, "long history")
    control.configure(broken_row="one")
    page = client.versions.list(deployment_id)
    assert len(page.items) + len(page.unreadable) == 100
    assert len(page.unreadable) == 1
    assert page.unreadable[0].deployment_id == deployment_id


@pytest.mark.parametrize(
    "knobs",
    [
        {"version_rows": "reduced"},
        {"time_keys": "inserted_at"},
        {"enum_values": "unknown"},
        {"metadata": "null"},
        {"content_type": "application/vnd.api+json"},
    ],
)
def test_variants_of_rows(control: SimulatorControl, client: miosa.Client, knobs: dict[str, Any]) -> None:
    deployment_id = find_deployment_id(control, "healthy")
    plain = list_all_versions(client, deployment_id)
    control.configure(**knobs)
    rows = list_all_versions(client, deployment_id)
    assert [row.id for row in rows] == [row.id for row in plain]
    assert [row.created_at for row in rows] == [row.created_at for row in plain]
    assert all(row.metadata == {} or row.metadata for row in rows)
    if "version_rows" in knobs:
        assert all(row.external_workspace_id is miosa.UNSET for row in rows)


@pytest.mark.parametrize(
    "shape",
    [
        "canonical",
        "flat",
        "upper",
        "marker",
        "message",
        "errors_map",
        "errors_list",
        "errors_text",
        "detail",
        "reason",
        "retry_hints",
        "text",
        "html",
    ],
)
def test_every_shape_of_error(control: SimulatorControl, client: miosa.Client, shape: str) -> None:
    control.configure(error_shape=shape)
    with pytest.raises(miosa.NotFound) as caught:
        client.deployments.get("dep_nobody_has")
    assert caught.value.request_id
    assert caught.value.from_gateway is (shape in {"text", "html"})
    assert caught.value.for_log.isprintable()


def test_releases_and_logs(control: SimulatorControl, client: miosa.Client) -> None:
    deployment_id = find_deployment_id(control, "healthy")
    release = client.releases.list(deployment_id).items[0]
    assert client.releases.get(deployment_id, release.id).id == release.id
    repository = find_deployment_id(control, "repository builds")
    build = client.builds.list(repository).items[0]
    assert client.builds.get(repository, build.id).id == build.id
    for log_format in ("json", "sse"):
        control.configure(log_format=log_format)
        assert client.builds.logs(repository, build.id).complete
        assert client.deployments.logs(deployment_id) is not None


def test_a_huge_log_has_a_gap(control: SimulatorControl, client: miosa.Client) -> None:
    deployment_id = find_deployment_id(control, "healthy")
    version = client.versions.list(deployment_id).items[0]
    control.configure(log_text="huge")
    log = client.bind(deadline_s=20).versions.logs(deployment_id, version.id)
    assert log.gap is not None
    assert log.gap.size > 3_000_000
    assert log.complete
    assert log.endswith("Build finished\n")
    assert len(log.encode()) <= 9_000_000


def test_reads_survive_single_faults(control: SimulatorControl, client: miosa.Client) -> None:
    deployment_id = find_deployment_id(control, "healthy")
    for do in ({"drop_before": True}, {"drop_after": True}, {"status": 502}):
        control.fault("*", times=1, **do)
        assert client.deployments.get(deployment_id).id == deployment_id


def test_a_read_only_and_an_unknown_key(control: SimulatorControl) -> None:
    reader = miosa.Client(base_url=f"{control.url}/api/v1/", api_key="msk_test_readonly")
    deployment_id = reader.deployments.list().items[0].id
    with pytest.raises(miosa.Forbidden) as caught:
        reader.deployments.stop(deployment_id, idempotency_key=new_key())
    assert caught.value.upstream_code == "insufficient_scope"
    stranger = miosa.Client(base_url=control.url, api_key="msk_test_nobody")
    with pytest.raises(miosa.Unauthorized):
        stranger.deployments.list()


def test_customers_with_hostile_ids_can_be_filtered_by(control: SimulatorControl, client: miosa.Client) -> None:
    for customer in control.state()["customers"]:
        external = customer["external_workspace_id"]
        rows = client.deployments.list(external_workspace_id=external).items
        assert all(row.external_workspace_id == external for row in rows)
