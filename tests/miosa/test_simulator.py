"""The whole client against the stand-in MIOSA, in every disposition it knows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from portal import miosa
from tests.playing import Playing


def key() -> str:
    return uuid4().hex


def deployment_of(playing: Playing, scenario: str) -> str:
    for customer in playing.world()["customers"]:
        for row in customer["deployments"]:
            if row["scenario"] == scenario:
                return str(row["id"])
    raise LookupError(scenario)


def all_versions(client: miosa.Client, deployment_id: str) -> list[miosa.Version]:
    return [row for page in client.versions.pages(deployment_id) for row in page.items]


def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


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
    playing: Playing, client: miosa.Client, envelope: str, name: str, read: Callable[[miosa.Client, str], object]
) -> None:
    deployment_id = deployment_of(playing, "healthy")
    expected = read(client, deployment_id)
    playing.knobs(envelope=envelope)
    assert read(client, deployment_id) == expected, name


@pytest.mark.parametrize("paging", ["cursor", "next", "page", "meta"])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_four_hundred_versions_by_every_style(playing: Playing, client: miosa.Client, paging: str, order: str) -> None:
    long = deployment_of(playing, "long history")
    playing.knobs(paging=paging, list_order=order)
    pages = list(client.versions.pages(long))
    numbers = [row.version_number for page in pages for row in page.items]
    assert len(numbers) == len(set(numbers)) == 400
    assert not any(page.loop or page.unreadable for page in pages)
    assert len(pages) == (4 if paging in {"cursor", "next"} else len(pages))


def test_a_history_in_one_piece(playing: Playing, client: miosa.Client) -> None:
    playing.knobs(paging="none")
    assert len(all_versions(client, deployment_of(playing, "long history"))) == 400


def test_a_history_in_a_circle(playing: Playing, client: miosa.Client) -> None:
    playing.knobs(paging="loop")
    pages = list(client.versions.pages(deployment_of(playing, "long history")))
    assert pages[-1].loop
    rows = [row.id for page in pages for row in page.items]
    assert len(rows) == len(set(rows))


def test_a_limit_nobody_understands(playing: Playing, client: miosa.Client) -> None:
    playing.knobs(limit_param="refused")
    assert len(all_versions(client, deployment_of(playing, "long history"))) == 400


def test_one_broken_row(playing: Playing, client: miosa.Client) -> None:
    deployment_id = deployment_of(playing, "long history")
    playing.knobs(broken_row="one")
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
def test_rows_of_other_habits(playing: Playing, client: miosa.Client, knobs: dict[str, Any]) -> None:
    deployment_id = deployment_of(playing, "healthy")
    plain = all_versions(client, deployment_id)
    playing.knobs(**knobs)
    rows = all_versions(client, deployment_id)
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
def test_every_shape_of_error(playing: Playing, client: miosa.Client, shape: str) -> None:
    playing.knobs(error_shape=shape)
    with pytest.raises(miosa.NotFound) as caught:
        client.deployments.get("dep_nobody_has")
    assert caught.value.request_id
    assert caught.value.from_gateway is (shape in {"text", "html"})
    assert caught.value.for_log.isprintable()


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
def test_a_whole_life(playing: Playing, client: miosa.Client, knobs: dict[str, Any]) -> None:
    playing.knobs(step_times="instant", **knobs)
    customer = "brightsmile-dental"
    created = client.deployments.create(name="Fresh", external_workspace_id=customer, idempotency_key=key())
    assert created.deployment_id
    fresh, sandbox = created.deployment_id, client.sandboxes.list(external_workspace_id=customer).items[0].id
    first, last = publish_back_and_forth(client, fresh, sandbox)

    client.deployments.update(fresh, name="Renamed", idempotency_key=key())
    assert client.deployments.get(fresh).name == "Renamed"
    redeployed = client.deployments.redeploy(fresh, idempotency_key=key())
    assert redeployed.deployment_id == fresh
    assert (redeployed.build is not None) is (knobs.get("redeploy_answer") == "build")
    assert client.versions.logs(fresh, last, stage="build")
    assert client.versions.get(fresh, first).version_number == 1
    client.deployments.stop(fresh, idempotency_key=key())
    client.deployments.delete(fresh, idempotency_key=key())
    with pytest.raises(miosa.NotFound):
        client.deployments.get(fresh)
    changes = [row for row in playing.heard() if row["method"] != "GET"]
    assert len({row["idempotency_key"] for row in changes}) == len(changes) == 10


def publish_back_and_forth(client: miosa.Client, deployment_id: str, sandbox_id: str) -> tuple[str, str]:
    """Publish, publish over the bridge, roll back, stage, promote; the ids of the first and the last version."""

    def live() -> object:
        return client.deployments.get(deployment_id).active_version_id

    first = client.deployments.publish(deployment_id, source_sandbox_id=sandbox_id, idempotency_key=key()).version_id
    assert first
    until(lambda: live() == first)
    client.deployments.publish_from_sandbox(sandbox_id, deployment_id=deployment_id, idempotency_key=key())
    until(lambda: live() != first)
    back = client.deployments.rollback(deployment_id, version_id=first, idempotency_key=key())
    assert back.deployment_id == deployment_id
    assert live() == first
    staged = client.deployments.publish(
        deployment_id, source_sandbox_id=sandbox_id, promote=False, idempotency_key=key()
    ).version_id
    assert staged
    until(lambda: client.versions.get(deployment_id, staged).state == "ready")
    assert live() == first
    client.versions.promote(deployment_id, staged, idempotency_key=key())
    assert live() == staged
    return first, staged


def test_releases_and_logs(playing: Playing, client: miosa.Client) -> None:
    deployment_id = deployment_of(playing, "healthy")
    release = client.releases.list(deployment_id).items[0]
    assert client.releases.get(deployment_id, release.id).id == release.id
    repository = deployment_of(playing, "repository builds")
    build = client.builds.list(repository).items[0]
    assert client.builds.get(repository, build.id).id == build.id
    for log_format in ("json", "sse"):
        playing.knobs(log_format=log_format)
        assert client.builds.logs(repository, build.id).complete
        assert client.deployments.logs(deployment_id) is not None


def test_a_huge_log_is_cut(playing: Playing, client: miosa.Client) -> None:
    deployment_id = deployment_of(playing, "healthy")
    version = client.versions.list(deployment_id).items[0]
    playing.knobs(log_text="huge")
    log = client.bind(deadline_s=20).versions.logs(deployment_id, version.id)
    assert not log.complete
    assert len(log.encode()) <= 9_000_000


@pytest.mark.parametrize("rows", ["masked", "key_value"])
def test_env_vars(playing: Playing, client: miosa.Client, rows: str) -> None:
    deployment_id = deployment_of(playing, "healthy")
    playing.knobs(env_rows=rows)
    page = client.env.set(deployment_id, {"NEW_ONE": "planted-value"}, idempotency_key=key())
    listed = client.env.list(deployment_id)
    assert "planted-value" not in repr(page) + repr(listed)
    assert "NEW_ONE" in {row.name for row in listed.items}
    client.env.delete(deployment_id, "NEW_ONE", idempotency_key=key())
    assert "NEW_ONE" not in {row.name for row in client.env.list(deployment_id).items}


@pytest.mark.parametrize(("answer", "kind"), [("404", miosa.NotFound), ("405", miosa.NotSupported)])
def test_env_vars_that_stay(playing: Playing, client: miosa.Client, answer: str, kind: type[miosa.MiosaError]) -> None:
    playing.knobs(env_delete=answer)
    with pytest.raises(kind):
        client.env.delete(deployment_of(playing, "healthy"), "A", idempotency_key=key())


@pytest.mark.parametrize("keys", ["both", "domain"])
@pytest.mark.parametrize("instructions", ["records", "object", "text", "target"])
def test_domains(playing: Playing, client: miosa.Client, keys: str, instructions: str) -> None:
    playing.knobs(domain_keys=keys, dns_instructions=instructions)
    deployment_id = deployment_of(playing, "healthy")
    added = client.domains.add(deployment_id, domain="new.example.test", idempotency_key=key()).domain
    assert added is not None
    assert added.domain == "new.example.test"
    assert added.dns_records or added.instructions
    for _ in range(3):
        client.domains.verify(deployment_id, added.id, idempotency_key=key())
    client.domains.update(deployment_id, added.id, redirect_policy="www_to_apex", idempotency_key=key())
    listed = {row.id: row for row in client.domains.list(deployment_id).items}
    assert listed[added.id].redirect_policy == "www_to_apex"
    client.domains.delete(deployment_id, added.id, idempotency_key=key())


@pytest.mark.parametrize("outcome", ["mismatch", "lookup_failed", "refused"])
def test_a_domain_that_fails_its_check(playing: Playing, client: miosa.Client, outcome: str) -> None:
    playing.knobs(domain_verify=outcome)
    deployment_id = deployment_of(playing, "healthy")
    added = client.domains.add(deployment_id, domain="bad.example.test", idempotency_key=key()).domain
    assert added is not None
    try:
        checked = client.domains.verify(deployment_id, added.id, idempotency_key=key()).domain
        assert checked is not None
        code = checked.error_code
    except miosa.Refused as refusal:
        code = refusal.upstream_code
    assert code in {"cname_mismatch", "dns_lookup_failed"}


def test_the_same_key_again_changes_nothing(playing: Playing, client: miosa.Client) -> None:
    again = key()
    first = client.deployments.create(name="Once", idempotency_key=again)
    second = client.deployments.create(name="Once", idempotency_key=again)
    assert (first.replayed, second.replayed) == (False, True)
    assert first.deployment_id == second.deployment_id
    with pytest.raises(miosa.Conflict) as caught:
        client.deployments.create(name="Twice", idempotency_key=again)
    assert caught.value.key_mismatch


def test_a_key_still_at_work(playing: Playing, client: miosa.Client) -> None:
    playing.fault("*/deployments", method="POST", delay_s=0.6)
    same = key()
    first = threading.Thread(target=lambda: client.deployments.create(name="Slow", idempotency_key=same))
    first.start()
    time.sleep(0.2)
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
    playing: Playing, client: miosa.Client, do: dict[str, Any], kind: type[miosa.MiosaError], sent: bool
) -> None:
    deployment_id = deployment_of(playing, "healthy")
    live = client.deployments.get(deployment_id).active_version_id
    assert live
    playing.fault("*/rollback", method="POST", **do)
    with pytest.raises(kind) as caught:
        client.bind(deadline_s=0.5).deployments.rollback(deployment_id, version_id=live, idempotency_key=key())
    assert caught.value.sent is sent
    assert len([row for row in playing.heard() if row["method"] == "POST"]) <= 1
    assert caught.value.retry_after_s == do.get("retry_after")


def test_reads_survive_passing_faults(playing: Playing, client: miosa.Client) -> None:
    deployment_id = deployment_of(playing, "healthy")
    for do in ({"drop_before": True}, {"drop_after": True}, {"status": 502}):
        playing.fault("*", times=1, **do)
        assert client.deployments.get(deployment_id).id == deployment_id


def test_a_key_of_few_rights(playing: Playing) -> None:
    reader = miosa.Client(base_url=f"{playing.url}/api/v1/", api_key="msk_test_readonly")
    deployment_id = reader.deployments.list().items[0].id
    with pytest.raises(miosa.Forbidden) as caught:
        reader.deployments.stop(deployment_id, idempotency_key=key())
    assert caught.value.upstream_code == "insufficient_scope"
    stranger = miosa.Client(base_url=playing.url, api_key="msk_test_nobody")
    with pytest.raises(miosa.Unauthorized):
        stranger.deployments.list()


def test_an_artifact_that_is_gone(playing: Playing, client: miosa.Client) -> None:
    deployment_id = deployment_of(playing, "artifacts past retention are gone")
    oldest = min(all_versions(client, deployment_id), key=lambda row: row.version_number)
    with pytest.raises(miosa.Gone):
        client.deployments.rollback(deployment_id, version_id=oldest.id, idempotency_key=key())


def test_hostile_customers_are_found_by_their_id(playing: Playing, client: miosa.Client) -> None:
    for customer in playing.world()["customers"]:
        external = customer["external_workspace_id"]
        rows = client.deployments.list(external_workspace_id=external).items
        assert all(row.external_workspace_id == external for row in rows)
