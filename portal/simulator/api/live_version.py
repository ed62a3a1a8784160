"""What is live: promote, roll back, redeploy, stop (sections 10.1, 10.4 to 10.6 and 11.2 to 11.4)."""

from __future__ import annotations

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.deployments import respond_changed
from portal.simulator.api.routes import Routes
from portal.simulator.errors import ApiError
from portal.simulator.records import Attribution, Build, Deployment, Version

REPOSITORY_SOURCES = ("repo", "git", "forge")

routes = Routes()


def state_refusal(call: Call, message: str) -> ApiError:
    """409 or 422: the sources name no status (section 17, item 2)."""
    status = int(call.settings["refusal"])
    return ApiError(status, message, details={"state": [message]} if status == 422 else None)


def require_usable(call: Call, deployment: Deployment, version: Version, *, states: str, action: str) -> None:
    """`states` is a value of the knobs `promote_accepts` and `rollback_accepts`."""
    accepted = ("ready", "archived") if states == "ready_archived" else ("ready",)
    if version.state not in accepted:
        message = f"version {version.version_number} is {version.state}; only {' or '.join(accepted)} can be {action}"
        raise state_refusal(call, message)
    if call.settings["artifact_gc"] == "30_days" and version.is_collected(deployment.active_version_id, call.now):
        message = f"the artifact of version {version.version_number} was garbage-collected"
        raise ApiError(410, message, code="GONE")
    if call.settings["migration_backup"] == "required" and version.kind != "static" and not version.backup_id:
        message = "a migration backup is required before this version can go live"
        raise ApiError(409, message, code="MIGRATION_BACKUP_REQUIRED")


def make_live(call: Call, deployment: Deployment, version: Version) -> None:
    """Changes nothing if it is live already, or refuses by knob."""
    if deployment.active_version_id != version.id or deployment.state == "stopped":
        call.lifecycle.activate(deployment, version, call.now)
    elif call.settings["promote_live"] == 409:
        raise ApiError(409, f"version {version.version_number} is live already")


def promote(call: Call, deployment: Deployment, version: Version) -> None:
    call.text(call.body(), "environment")  # accepted and ignored: the row has one live version
    if deployment.active_version_id != version.id:
        states = str(call.settings["promote_accepts"])
        require_usable(call, deployment, version, states=states, action="promoted")
    make_live(call, deployment, version)


@routes.post("/deployments/<deployment_id>/versions/<version_id>/promote", "deployments:write")
def promote_version(call: Call) -> Response:
    deployment = call.get_deployment()
    promote(call, deployment, call.get_version(deployment))
    return respond_changed(call, deployment)


@routes.post("/deployments/<deployment_id>/releases/<release_id>/promote", "deployments:write")
def promote_release(call: Call) -> Response:
    deployment = call.get_deployment()
    version = call.get_release(deployment)
    promote(call, deployment, version)
    row = call.serializer.deployment_after_change(deployment)
    return call.respond(row, noun="deployment", beside={"release_id": version.release_id})


@routes.post("/deployments/<deployment_id>/rollback", "deployments:write")
def rollback(call: Call) -> Response:
    deployment = call.get_deployment()
    version = rollback_target(call, deployment)
    if deployment.active_version_id != version.id:
        states = str(call.settings["rollback_accepts"])
        require_usable(call, deployment, version, states=states, action="rolled back to")
    make_live(call, deployment, version)
    return respond_changed(call, deployment)


def rollback_target(call: Call, deployment: Deployment) -> Version:
    """By version, by release, or the previous one for an empty body (section 10.6)."""
    body = call.body()
    if version_id := call.text(body, "version_id"):
        return call.get_version(deployment, version_id)
    if release_id := call.text(body, "release_id"):
        return call.get_release(deployment, release_id)
    by_number = call.settings["rollback_default"] == "number"
    previous = find_lower(call, deployment) if by_number else find_last_live(call, deployment)
    if previous is None:
        raise state_refusal(call, "there is no previous version to roll back to")
    return previous


def find_lower(call: Call, deployment: Deployment) -> Version | None:
    """The next lower number that could go live."""
    live = call.store.find_live_version(deployment)
    if live is None:
        return None
    lower = (version for version in reversed(deployment.versions) if version.version_number < live.version_number)
    return next((version for version in lower if version.state in ("ready", "archived")), None)


def find_last_live(call: Call, deployment: Deployment) -> Version | None:
    """The version that was live before the current one."""
    ids = (id_ for id_ in reversed(deployment.activations) if id_ != deployment.active_version_id)
    return next((version for id_ in ids if (version := call.store.versions.get(id_))), None)


@routes.post("/deployments/<deployment_id>/redeploy", "deployments:write")
def redeploy(call: Call) -> Response:
    """Restarts what is live; a repository's deployment is also built again (section 16, row 4)."""
    deployment = call.get_deployment()
    live = call.store.find_live_version(deployment)
    is_repository = deployment.source_type in REPOSITORY_SOURCES
    if live is None and not is_repository:
        raise state_refusal(call, "nothing has been published yet")
    build = create_build(call, deployment, live.attribution if live else Attribution())
    answers_build = call.settings["redeploy_answer"] == "build"
    if is_repository or answers_build:
        call.lifecycle.queue_build(deployment, build, call.now)
    deployment.state, deployment.updated_at = "running" if live else "building", call.now
    if live:
        call.lifecycle.start_instance(deployment, live, call.now)
    if answers_build:
        return call.respond(call.serializer.build(build), status=202, noun="build")
    return respond_changed(call, deployment)


def create_build(call: Call, deployment: Deployment, attribution: Attribution) -> Build:
    return Build(
        id=call.store.ids.new("bld"),
        deployment_id=deployment.id,
        commit_sha=deployment.builds[-1].commit_sha if deployment.builds else None,
        commit_message=None,
        triggered_by="manual",
        state="queued",
        attribution=attribution,
        started_at=None,
        finished_at=None,
        created_at=call.now,
    )


@routes.post("/deployments/<deployment_id>/stop", "deployments:write")
def stop(call: Call) -> Response:
    deployment = call.get_deployment()
    if deployment.active_version_id is None and not deployment.builds:
        raise state_refusal(call, "nothing has been published yet")
    call.lifecycle.stop(deployment, call.now)
    return respond_changed(call, deployment)
