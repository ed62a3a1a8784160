"""Publishing from a sandbox into a new version, directly and by the bridges (sections 10.3 and 11.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.creation import create_deployment
from portal.simulator.api.routes import Routes
from portal.simulator.api.serializers import Row
from portal.simulator.defaults import ENTRYPOINT, HEALTH_CHECK_PATH, PORT, PRODUCT, RUN_COMMAND, RUNTIME_IMAGE, TEMPLATE
from portal.simulator.errors import ApiError, invalid, not_found, unknown_route
from portal.simulator.lifecycle import FAILURES
from portal.simulator.records import Attribution, Deployment, Sandbox, Version

KINDS = ("auto", "static", "dynamic", "sandbox_backed")

routes = Routes()


def get_usable_sandbox(call: Call, sandbox_id: str | None = None) -> Sandbox:
    sandbox = call.get_sandbox(sandbox_id)
    if sandbox.state == "destroyed":
        raise ApiError(409, "sandbox is destroyed")
    return sandbox


def select_kind(body: Mapping[str, Any], sandbox: Sandbox, deployment: Deployment) -> str:
    """`auto` is dynamic with a run command and a port, or if the template or the last version was."""
    kind = body.get("kind") or "auto"
    if kind not in KINDS:
        raise invalid("kind", "is invalid")
    if kind != "auto":
        return str(kind)
    has_command = bool(body.get("run_command") or body.get("start_command"))
    if (has_command and body.get("port")) or deployment.kind == "dynamic" or sandbox.template_id != TEMPLATE:
        return "dynamic"
    return "static"


def create_version(
    call: Call, deployment: Deployment, sandbox: Sandbox, body: Mapping[str, Any], attribution: Attribution
) -> Version:
    """A version that is `building`, with the next number; not yet added to the store."""
    kind = select_kind(body, sandbox, deployment)
    number = deployment.versions[-1].version_number + 1 if deployment.versions else 1
    runtime = runtime_fields(call, deployment, body, is_static=kind == "static")
    return Version(
        id=call.store.ids.new("ver"),
        deployment_id=deployment.id,
        version_number=number,
        kind=kind,
        state="building",
        attribution=attribution,
        created_by=call.store.users[0] if call.store.users else None,
        source_sandbox_id=sandbox.id,
        build_id=call.store.ids.new("bld"),
        artifact_sha256=None,
        files=31 + number % 50,
        total_bytes=200_000 + number * 977,
        **runtime,
        metadata=body["metadata"] if isinstance(body.get("metadata"), dict) else None,
        created_at=call.now,
        updated_at=call.now,
        failure=FAILURES.get(str(call.settings["build_outcome"])),
        promote_when_ready=body.get("promote") is not False,
    )


def runtime_fields(call: Call, deployment: Deployment, body: Mapping[str, Any], *, is_static: bool) -> Row:
    """An entrypoint for static files, else what is needed to run the program."""
    port = body.get("port")
    if port is not None and (not isinstance(port, int) or not 1 <= port <= 65535):
        raise invalid("port", "must be between 1 and 65535")
    command = call.text(body, "run_command") or call.text(body, "start_command") or deployment.run_command
    if is_static:
        return {"entrypoint": call.text(body, "entrypoint") or ENTRYPOINT}
    return {
        "entrypoint": None,
        "runtime_image": RUNTIME_IMAGE,
        "runtime_command": command or RUN_COMMAND,
        "runtime_port": port or PORT,
        "health_check_path": call.text(body, "health_check_path") or HEALTH_CHECK_PATH,
    }


def publish_into(call: Call, deployment: Deployment, sandbox: Sandbox, body: Mapping[str, Any]) -> Version:
    """Attribution is the request's, else the sandbox's, else the deployment's."""
    mode = call.settings["publish_mode"]
    attribution = call.attribution(body, sandbox.attribution.or_else(deployment.attribution))
    version = create_version(call, deployment, sandbox, body, attribution)
    if mode == "async_created":
        version.state = "created"
    call.store.add_version(version)
    call.lifecycle.start_build(deployment, version, call.now, at_once=mode == "sync")
    return version


def publish_status(call: Call) -> int:
    return 200 if call.settings["publish_mode"] == "sync" else 202


def publish_result(call: Call, deployment: Deployment, version: Version) -> Row:
    """Section 8.9."""
    result: Row = {
        "deployment": call.serializer.deployment_after_change(deployment),
        "version": call.serializer.version_after_change(version),
        "services": [],
        "promoted": deployment.active_version_id == version.id,
    }
    if version.artifact_sha256:
        result["release"] = call.serializer.release(version)
    return result


@routes.post("/deployments/<deployment_id>/publish", "deployments:write")
def publish(call: Call) -> Response:
    route = call.settings["publish_route"]
    if route != "live":
        raise unknown_route() if route == "404" else ApiError(501, "not implemented yet")
    deployment = call.get_deployment()
    body = call.body()
    sandbox = get_usable_sandbox(call, call.text(body, "source_sandbox_id", required=True))
    version = publish_into(call, deployment, sandbox, body)
    return call.respond(publish_result(call, deployment, version), status=publish_status(call))


def publish_from_sandbox(call: Call) -> tuple[Deployment, Version]:
    """Publishes into the deployment that the body names, else into a new one."""
    sandbox = get_usable_sandbox(call)
    body = call.body()
    if deployment_id := call.text(body, "deployment_id"):
        deployment = call.store.deployments.get(deployment_id)
        if deployment is None:
            raise not_found("deployment")
    else:
        if not body.get("name"):
            raise invalid("name", "or deployment_id is required")
        deployment = create_deployment(call, body, inherited=sandbox.attribution, source_type="sandbox")
    return deployment, publish_into(call, deployment, sandbox, body)


@routes.post("/sandboxes/<sandbox_id>/deploy", "deployments:write")
def deploy(call: Call) -> Response:
    """The bridge of the SDKs (section 16, row 26)."""
    deployment, version = publish_from_sandbox(call)
    public_url = call.serializer.public_url(deployment)
    return call.respond_json(
        {
            "url": public_url,
            "public_url": public_url,
            "deployment_product": PRODUCT,
            **publish_result(call, deployment, version),
        },
        publish_status(call),
    )


@routes.post("/sandboxes/<sandbox_id>/publish", "deployments:write")
def publish_flat(call: Call) -> Response:
    """The bridge of the CLI, whose answer is flat (section 16, row 26)."""
    deployment, version = publish_from_sandbox(call)
    return call.respond_json(
        {
            "deployment_id": deployment.id,
            "version_id": version.id,
            "release_id": version.release_id,
            "state": version.state,
            "url": call.serializer.public_url(deployment),
            "promotion_pending": deployment.active_version_id != version.id and version.promote_when_ready,
            "app_consistency_pending": False,
        },
        publish_status(call),
    )
