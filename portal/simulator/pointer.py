"""What is live: promote, roll back, redeploy, stop."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from portal.simulator.calls import Call, route
from portal.simulator.errors import Refusal, not_found
from portal.simulator.records import Attribution, Build, Deployment, Version
from portal.simulator.shapes import is_collected, release_id


def refused(call: Call, message: str) -> Refusal:
    status = int(call.settings["refusal"])
    return Refusal(status, message, details={"state": [message]} if status == 422 else None)


def require_usable(call: Call, deployment: Deployment, version: Version, accepted: set[str], deed: str) -> None:
    if version.state not in accepted:
        wanted = " or ".join(sorted(accepted, reverse=True))
        raise refused(call, f"version {version.version_number} is {version.state}; only {wanted} can be {deed}")
    if call.settings["artifact_gc"] == "30_days" and is_collected(version, deployment, call.now):
        raise Refusal(410, f"the artifact of version {version.version_number} was garbage-collected", code="GONE")
    if call.settings["migration_backup"] == "required" and version.kind != "static" and not version.backup_id:
        raise Refusal(409, "a migration backup is required before this version can go live",
                      code="MIGRATION_BACKUP_REQUIRED")  # fmt: skip


def switch(call: Call, deployment: Deployment, version: Version) -> bool:
    """False when there was nothing to do because it is live already."""
    if deployment.active_version_id == version.id and deployment.state != "stopped":
        if call.settings["promote_live"] == 409:
            raise Refusal(409, f"version {version.version_number} is live already")
        return False
    call.lifecycle.activate(deployment, version, call.now)
    return True


def promote(call: Call, deployment: Deployment, version: Version) -> dict[str, Any]:
    call.text(call.body(), "environment")
    if deployment.active_version_id != version.id:
        archived_too = call.settings["promote_accepts"] == "ready_archived"
        require_usable(call, deployment, version, {"ready", "archived"} if archived_too else {"ready"}, "promoted")
    switch(call, deployment, version)
    return call.shapes.deployment_after_change(deployment)


@route("POST", "/deployments/<deployment_id>/versions/<version_id>/promote", "deployments:write")
def promote_version(call: Call) -> Response:
    deployment = call.deployment()
    return call.one(promote(call, deployment, call.version(deployment)), noun="deployment")


@route("POST", "/deployments/<deployment_id>/releases/<release_id>/promote", "deployments:write")
def promote_release(call: Call) -> Response:
    deployment = call.deployment()
    version = version_of_release(deployment, str(call.params["release_id"]))
    row = promote(call, deployment, version)
    return call.one(row, noun="deployment", beside={"release_id": release_id(version)})


def version_of_release(deployment: Deployment, wanted: str) -> Version:
    found = next((v for v in deployment.versions if release_id(v) == wanted), None)
    if found is None:
        raise not_found("release")
    return found


def previous(call: Call, deployment: Deployment) -> Version:
    """By activation: what was live before the present one. By number: the next lower that could go live."""
    if call.settings["rollback_default"] == "number":
        live = call.world.live_version(deployment)
        lower = (v for v in reversed(deployment.versions) if live and v.version_number < live.version_number)
        found = next((v for v in lower if v.state in ("ready", "archived")), None)
    else:
        before = (id_ for id_ in reversed(deployment.activations) if id_ != deployment.active_version_id)
        found = next((v for id_ in before if (v := call.world.versions.get(id_))), None)
    if found is None:
        raise refused(call, "there is no previous version to roll back to")
    return found


@route("POST", "/deployments/<deployment_id>/rollback", "deployments:write")
def rollback(call: Call) -> Response:
    deployment = call.deployment()
    body = call.body()
    if wanted := call.text(body, "version_id"):
        version = call.version(deployment, wanted)
    elif wanted := call.text(body, "release_id"):
        version = version_of_release(deployment, wanted)
    else:
        version = previous(call, deployment)
    if deployment.active_version_id != version.id:
        both = call.settings["rollback_accepts"] == "ready_archived"
        require_usable(call, deployment, version, {"ready", "archived"} if both else {"ready"}, "rolled back to")
    switch(call, deployment, version)
    return call.one(call.shapes.deployment_after_change(deployment), noun="deployment")


@route("POST", "/deployments/<deployment_id>/redeploy", "deployments:write")
def redeploy(call: Call) -> Response:
    deployment = call.deployment()
    live = call.world.live_version(deployment)
    from_repository = deployment.source_type in ("repo", "git", "forge")
    if live is None and not from_repository:
        raise refused(call, "nothing has been published yet")
    build = Build(
        id=call.world.ids.new("bld"),
        deployment_id=deployment.id,
        commit_sha=deployment.builds[-1].commit_sha if deployment.builds else None,
        commit_message=None,
        triggered_by="manual",
        state="queued",
        by=live.by if live else Attribution(),
        started_at=None,
        finished_at=None,
        created_at=call.now,
    )
    as_build = call.settings["redeploy_answer"] == "build"
    if from_repository or as_build:
        call.lifecycle.queue_build(deployment, build, call.now)
    deployment.state, deployment.updated_at = "running" if live else "building", call.now
    if live:
        call.lifecycle.boot(deployment, live, call.now)
    if as_build:
        return call.one(call.shapes.build(build), status=202, noun="build")
    return call.one(call.shapes.deployment_after_change(deployment), noun="deployment")


@route("POST", "/deployments/<deployment_id>/stop", "deployments:write")
def stop(call: Call) -> Response:
    deployment = call.deployment()
    if deployment.active_version_id is None and not deployment.builds:
        raise refused(call, "nothing has been published yet")
    call.lifecycle.halt(deployment, call.now)
    deployment.state, deployment.updated_at = "stopped", call.now
    return call.one(call.shapes.deployment_after_change(deployment), noun="deployment")
