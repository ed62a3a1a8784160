"""Every change: what is sent, once, with which key, and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal import miosa
from tests.miosa.conftest import Serve
from tests.miosa.server import respond, send_json

Call = Callable[[miosa.Client], Any]
KEY: dict[str, Any] = {"idempotency_key": "key-1"}

CHANGES: list[tuple[Call, str, str, Any]] = [
    (
        lambda c: c.deployments.create(name="Shop", external_workspace_id="acme", **KEY),
        "POST",
        "/deployments",
        {"name": "Shop", "external_workspace_id": "acme"},
    ),
    (
        lambda c: c.deployments.create(name="Shop", project_id="prj_1", auto_deploy=False, **KEY),
        "POST",
        "/projects/prj_1/deployments",
        {"name": "Shop", "project_id": "prj_1", "auto_deploy": False},
    ),
    (
        lambda c: c.deployments.update("d", name="New", branch=None, **KEY),
        "PATCH",
        "/deployments/d",
        {"name": "New", "branch": None},
    ),
    (lambda c: c.deployments.delete("d", **KEY), "DELETE", "/deployments/d", None),
    (lambda c: c.deployments.stop("d", **KEY), "POST", "/deployments/d/stop", None),
    (lambda c: c.deployments.redeploy("d", **KEY), "POST", "/deployments/d/redeploy", {}),
    (
        lambda c: c.deployments.rollback("d", version_id="v", **KEY),
        "POST",
        "/deployments/d/rollback",
        {"version_id": "v"},
    ),
    (
        lambda c: c.deployments.publish("d", source_sandbox_id="s", kind="dynamic", port=80, promote=False, **KEY),
        "POST",
        "/deployments/d/publish",
        {"source_sandbox_id": "s", "kind": "dynamic", "port": 80, "promote": False},
    ),
    (
        lambda c: c.deployments.publish_from_sandbox("s", name="Shop", output_path="dist", **KEY),
        "POST",
        "/sandboxes/s/deploy",
        {"source_sandbox_id": "s", "name": "Shop", "output_path": "dist"},
    ),
    (lambda c: c.versions.promote("d", "v", **KEY), "POST", "/deployments/d/versions/v/promote", None),
    (
        lambda c: c.versions.promote("d", "v", environment="staging", **KEY),
        "POST",
        "/deployments/d/versions/v/promote",
        {"environment": "staging"},
    ),
    (lambda c: c.releases.promote("d", "r", **KEY), "POST", "/deployments/d/releases/r/promote", None),
    (
        lambda c: c.env.set("d", {"A": "1"}, environment="staging", **KEY),
        "POST",
        "/deployments/d/env",
        {"env": {"A": "1"}, "environment": "staging"},
    ),
    (lambda c: c.env.delete("d", "A B", **KEY), "DELETE", "/deployments/d/env/A%20B", None),
    (
        lambda c: c.domains.add("d", domain="app.test", redirect_policy="none", **KEY),
        "POST",
        "/deployments/d/domains",
        {"domain": "app.test", "redirect_policy": "none"},
    ),
    (lambda c: c.domains.verify("d", "x", **KEY), "POST", "/deployments/d/domains/x/verify", None),
    (
        lambda c: c.domains.update("d", "x", redirect_policy="www_to_apex", **KEY),
        "PATCH",
        "/deployments/d/domains/x",
        {"redirect_policy": "www_to_apex"},
    ),
    (lambda c: c.domains.delete("d", "x", **KEY), "DELETE", "/deployments/d/domains/x", None),
]


@pytest.mark.parametrize(("call", "method", "path", "sent"), CHANGES)
def test_what_is_sent(serve: Serve, call: Call, method: str, path: str, sent: Any) -> None:
    client, server = serve(send_json({"data": {"id": "x"}}))
    call(client)
    (request,) = server.requests
    assert (request.method, request.target) == (method, f"/api/v1{path}")
    assert request.headers["idempotency-key"] == "key-1"
    assert (request.json() if request.body else None) == sent
    assert ("content-type" in request.headers) is bool(request.body)


SURVIVED = [
    pytest.param(respond(b"", status=204), id="204"),
    pytest.param(respond(b"", status=200), id="nothing"),
    pytest.param(send_json({}), id="empty object"),
    pytest.param(send_json({"data": None}), id="null"),
    pytest.param(send_json([]), id="array"),
    pytest.param(send_json(5), id="number"),
    pytest.param(send_json({"data": {"id": 5, "state": []}}), id="wrong types"),
    pytest.param(
        send_json({"data": {"deployment": 1, "version": "x", "release": [], "promoted": "yes"}}), id="odd nesting"
    ),
    pytest.param(send_json({"id": "x", "deleted": True}), id="deleted"),
]


@pytest.mark.parametrize("answer", SURVIVED)
@pytest.mark.parametrize("call", [change[0] for change in CHANGES])
def test_any_json_or_nothing_is_an_answer(serve: Serve, call: Call, answer: Any) -> None:
    client, server = serve(answer)
    call(client)
    assert len(server.requests) == 1


@pytest.mark.parametrize("call", [change[0] for change in CHANGES])
@pytest.mark.parametrize("content", [b"<html>Welcome to the hotel</html>"])
def test_html_instead_of_json_leaves_the_outcome_unknown(serve: Serve, call: Call, content: bytes) -> None:
    client, _ = serve(respond(content, kind="text/html"))
    with pytest.raises(miosa.BadAnswer) as caught:
        call(client)
    assert caught.value.sent
    assert caught.value.path


def test_a_rollback_needs_a_version(serve: Serve) -> None:
    client, server = serve(send_json({}))
    with pytest.raises(ValueError, match="version_id"):
        client.deployments.rollback("d", version_id="", **KEY)
    assert server.requests == []


@pytest.mark.parametrize("key", ["", "a\r\nX-Evil: 1", "ключ"])
def test_an_invalid_idempotency_key_is_rejected(serve: Serve, key: str) -> None:
    client, server = serve(send_json({}))
    with pytest.raises(ValueError, match="idempotency key"):
        client.deployments.stop("d", idempotency_key=key)
    assert server.requests == []


def test_reduced_and_full_answers_of_a_pointer_change(serve: Serve) -> None:
    row = {"id": "d", "active_version_id": "v", "state": "running", "public_url": "https://x.test"}
    client, _ = serve(
        send_json({"data": row}, headers={"idempotency-replayed": "true"}),
        send_json({"data": {"id": "d", "name": "Shop"}, "release_id": "r"}),
    )
    changed = client.deployments.rollback("d", version_id="v", **KEY)
    assert changed.deployment is not None
    assert changed.deployment.active_version_id == "v"
    assert (changed.deployment_id, changed.replayed, changed.request_id) == ("d", True, "up-1")
    changed = client.releases.promote("d", "r", **KEY)
    assert changed.deployment is not None
    assert changed.deployment.active_version_id is miosa.UNSET
    assert (changed.release_id, changed.replayed) == ("r", False)


@pytest.mark.parametrize(
    "document",
    [
        {"data": {"id": "b", "deployment_id": "d", "state": "queued"}},
        {"data": {"build": {"id": "b", "deployment_id": "d", "state": "queued"}}},
        {"id": "b", "deployment_id": "d", "commit_sha": None, "state": "queued"},
    ],
)
def test_a_redeploy_may_answer_a_build(serve: Serve, document: Any) -> None:
    client, _ = serve(send_json(document, status=202))
    changed = client.deployments.redeploy("d", **KEY)
    assert changed.build is not None
    assert (changed.build.id, changed.build.state) == ("b", "queued")
    assert changed.deployment is None
    assert changed.deployment_id == "d"


@pytest.mark.parametrize(
    "document",
    [
        {
            "data": {
                "deployment": {"id": "d", "active_version_id": "v"},
                "version": {"id": "v", "version_number": 4, "state": "building"},
                "release": {"id": "r"},
                "services": [],
                "promoted": False,
            }
        },
        {"deployment_id": "d", "version_id": "v", "release_id": "r", "state": "building", "promoted": False},
        {"data": {"deployment_id": "d", "version_id": "v", "release_id": "r", "state": "building", "promoted": False}},
        {
            "deployment": {"id": "d"},
            "version": {"id": "v", "state": "building", "version_number": 4, "deployment_id": "d"},
            "release_id": "r",
            "promoted": False,
        },
    ],
)
def test_published_nested_or_flat(serve: Serve, document: Any) -> None:
    client, _ = serve(send_json(document, status=202))
    published = client.deployments.publish("d", source_sandbox_id="s", **KEY)
    assert (published.deployment_id, published.version_id, published.release_id) == ("d", "v", "r")
    assert published.version_state == "building"
    assert published.promoted is False
    assert published.promotion_pending is None
    assert published.status == 202


def test_a_bridge_answer_with_few_fields(serve: Serve) -> None:
    client, _ = serve(send_json({"url": "https://x.test", "deployment": {"id": "d9"}, "promotion_pending": True}))
    published = client.deployments.publish_from_sandbox("s", name="Shop", **KEY)
    assert (published.deployment_id, published.version_id) == ("d9", None)
    assert published.public_url == "https://x.test"
    assert published.promotion_pending is True


def test_create_falls_back_if_the_path_below_a_project_is_unknown(serve: Serve) -> None:
    client, server = serve(
        send_json({"error": "not_found"}, status=404),
        send_json({"data": {"id": "d"}, "webhook_secret": "planted"}),
    )
    changed = client.deployments.create(name="Shop", project_id="prj_1", **KEY)
    assert changed.deployment_id == "d"
    assert "planted" not in repr(changed)
    assert [each.target for each in server.requests] == [
        "/api/v1/projects/prj_1/deployments",
        "/api/v1/deployments",
    ]


def test_a_domain_with_its_records(serve: Serve) -> None:
    row = {
        "id": "x",
        "fqdn": "app.test",
        "status": "pending",
        "dns_records": [{"type": "CNAME", "name": "app", "value": "t.test"}],
    }
    client, _ = serve(send_json({"data": row}, status=201))
    changed = client.domains.add("d", domain="app.test", **KEY)
    assert changed.domain is not None
    assert changed.domain.dns_records == (miosa.DnsRecord(type="CNAME", name="app", value="t.test"),)
    assert changed.deployment is None


def test_a_failed_verification_may_be_a_refusal(serve: Serve) -> None:
    client, _ = serve(send_json({"error": {"code": "CNAME_MISMATCH"}}, status=422))
    with pytest.raises(miosa.Invalid) as caught:
        client.domains.verify("d", "x", **KEY)
    assert caught.value.upstream_code == "cname_mismatch"
