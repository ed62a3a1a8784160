"""Publish: from a sandbox into a new version, by the front door and by the bridges."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from portal.simulator import creation
from portal.simulator.calls import Call, route
from portal.simulator.errors import Refusal, invalid, not_found
from portal.simulator.lifecycle import FAILURES
from portal.simulator.records import Attribution, Deployment, Sandbox, Version

KINDS = ("auto", "static", "dynamic", "sandbox_backed")


def find_sandbox(call: Call, sandbox_id: str) -> Sandbox:
    sandbox = call.world.sandboxes.get(sandbox_id)
    if sandbox is None:
        raise not_found("sandbox")
    if sandbox.state == "destroyed":
        raise Refusal(409, "sandbox is destroyed")
    return sandbox


def kind_of(call: Call, body: dict[str, Any], sandbox: Sandbox, deployment: Deployment) -> str:
    """`auto`: dynamic when told how to run, else what the sandbox's template or the last version was."""
    wanted = body.get("kind") or "auto"
    if wanted not in KINDS:
        raise invalid("kind", "is invalid")
    if wanted != "auto":
        return str(wanted)
    if (body.get("run_command") or body.get("start_command")) and body.get("port"):
        return "dynamic"
    return "dynamic" if deployment.kind == "dynamic" or sandbox.template_id != "static-site" else "static"


def new_version(
    call: Call, deployment: Deployment, sandbox: Sandbox, body: dict[str, Any], *, state: str, by: Attribution
) -> Version:
    kind = kind_of(call, body, sandbox, deployment)
    runs = kind != "static"
    number = deployment.versions[-1].version_number + 1 if deployment.versions else 1
    port = body.get("port")
    if port is not None and (not isinstance(port, int) or not 1 <= port <= 65535):
        raise invalid("port", "must be between 1 and 65535")
    size = 200_000 + number * 977
    command = call.text(body, "run_command") or call.text(body, "start_command") or deployment.run_command
    return Version(
        id=call.world.ids.new("ver"),
        deployment_id=deployment.id,
        version_number=number,
        kind=kind,
        state=state,
        by=by,
        created_by=call.world.users[0] if call.world.users else None,
        source_sandbox_id=sandbox.id,
        build_id=call.world.ids.new("bld"),
        artifact_sha256=None,
        files=31 + number % 50,
        total_bytes=size,
        entrypoint=None if runs else call.text(body, "entrypoint") or "index.html",
        runtime_image="node:22-slim" if runs else None,
        runtime_command=(command or "node server.js") if runs else None,
        runtime_port=(port or 8080) if runs else None,
        health_check_path=(call.text(body, "health_check_path") or "/healthz") if runs else None,
        metadata=body["metadata"] if isinstance(body.get("metadata"), dict) else None,
        created_at=call.now,
        updated_at=call.now,
        failure=FAILURES.get(str(call.settings["build_outcome"])),
        promote_when_ready=body.get("promote") is not False,
    )


def publish_into(call: Call, deployment: Deployment, sandbox: Sandbox, body: dict[str, Any]) -> Version:
    """Attribution: the call's, else the sandbox's, else the deployment's."""
    mode = call.settings["publish_mode"]
    by = call.attribution(body, call.attribution({}, _first(sandbox.by, deployment.by)))
    state = "created" if mode == "async_created" else "building"
    version = new_version(call, deployment, sandbox, body, state=state, by=by)
    call.world.add_version(version)
    call.lifecycle.begin(deployment, version, call.now, at_once=mode == "sync")
    return version


def _first(own: Attribution, fallback: Attribution) -> Attribution:
    return Attribution(
        workspace=own.workspace or fallback.workspace,
        user=own.user or fallback.user,
        project=own.project or fallback.project,
    )


def status_of(call: Call) -> int:
    return 200 if call.settings["publish_mode"] == "sync" else 202


@route("POST", "/deployments/<deployment_id>/publish", "deployments:write")
def publish(call: Call) -> Response:
    if call.settings["publish_route"] != "live":
        status = int(call.settings["publish_route"])
        raise Refusal(status, "The requested resource was not found" if status == 404 else "not implemented yet")
    deployment = call.deployment()
    body = call.body()
    sandbox_id = call.text(body, "source_sandbox_id", required=True)
    version = publish_into(call, deployment, find_sandbox(call, str(sandbox_id)), body)
    return call.one(result(call, deployment, version), status=status_of(call))


def result(call: Call, deployment: Deployment, version: Version) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "deployment": call.shapes.deployment_after_change(deployment),
        "version": call.shapes.version_after_change(version),
        "services": [],
        "promoted": deployment.active_version_id == version.id,
    }
    if version.artifact_sha256:
        answer["release"] = call.shapes.release(version)
    return answer


def bridged(call: Call) -> tuple[Deployment, Version]:
    sandbox = find_sandbox(call, str(call.params["sandbox_id"]))
    body = call.body()
    if deployment_id := call.text(body, "deployment_id"):
        deployment = call.world.deployments.get(deployment_id)
        if deployment is None:
            raise not_found("deployment")
    else:
        if not body.get("name"):
            raise invalid("name", "or deployment_id is required")
        deployment = creation.new_deployment(call, body, inherited=sandbox.by, source_type="sandbox")
    return deployment, publish_into(call, deployment, sandbox, body)


@route("POST", "/sandboxes/<sandbox_id>/deploy", "deployments:write")
def deploy(call: Call) -> Response:
    deployment, version = bridged(call)
    return call.json(
        {
            "url": call.shapes.public_url(deployment),
            "public_url": call.shapes.public_url(deployment),
            "deployment_product": "miosa_deploy",
            **result(call, deployment, version),
        },
        status_of(call),
    )


@route("POST", "/sandboxes/<sandbox_id>/publish", "deployments:write")
def publish_flat(call: Call) -> Response:
    deployment, version = bridged(call)
    pending = deployment.active_version_id != version.id and version.promote_when_ready
    return call.json(
        {
            "deployment_id": deployment.id,
            "version_id": version.id,
            "release_id": call.shapes.release(version)["id"],
            "state": version.state,
            "url": call.shapes.public_url(deployment),
            "promotion_pending": pending,
            "app_consistency_pending": False,
        },
        status_of(call),
    )
