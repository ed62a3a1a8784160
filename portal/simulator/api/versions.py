"""Versions and their releases: list, show, logs, migration backup (sections 10.4 and 10.5)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.pagination import Position
from portal.simulator.api.routes import Routes
from portal.simulator.errors import ApiError
from portal.simulator.log_text import STAGES, version_lines
from portal.simulator.records import Deployment, Version

LINES_PER_BLOCK = 2000
BACKUP_BYTES = 7_340_032
TEXT = "text/plain; charset=utf-8"

routes = Routes()


def number_key(version: Version) -> Position:
    return [version.version_number, version.id]


def filtered(call: Call, deployment: Deployment, noun: str) -> Iterator[Version]:
    """Newest first. A cursor is found by bisection, so a page deep in a history costs no more."""
    state = call.args.get("state")
    end = len(deployment.versions)
    if start := call.pagination(noun, number_key).start():
        end = bisect_left(deployment.versions, int(start[0]), key=lambda version: version.version_number)
    for index in range(end - 1, -1, -1):
        version = deployment.versions[index]
        if call.matches_attribution(version.attribution) and state in (None, version.state):
            yield version


@routes.get("/deployments/<deployment_id>/versions", "deployments:read")
def list_versions(call: Call) -> Response:
    versions = filtered(call, call.get_deployment(), "versions")
    return call.respond_page("versions", versions, call.serializer.version_in_list, number_key)


@routes.get("/deployments/<deployment_id>/versions/<version_id>", "deployments:read")
def show_version(call: Call) -> Response:
    return call.respond(call.serializer.version(call.get_version(call.get_deployment())), noun="version")


@routes.get("/deployments/<deployment_id>/versions/<version_id>/logs", "deployments:read")
def show_logs(call: Call) -> Response:
    version = call.get_version(call.get_deployment())
    stage = call.args.get("stage")
    if stage is not None and stage not in STAGES:
        raise ApiError(400, f"unknown stage; choices: {', '.join(STAGES)}")
    style = str(call.settings["log_text"])
    lines = version_lines(version, stage, style)
    if style == "huge":
        return Response(join_in_blocks(lines), content_type=TEXT)
    return Response("\n".join(lines) + "\n", content_type=TEXT)


def join_in_blocks(lines: Iterator[str]) -> Iterator[bytes]:
    """Blocks large enough that sending 50 MB is quick."""
    block: list[str] = []
    for line in lines:
        block.append(line)
        if len(block) == LINES_PER_BLOCK:
            yield ("\n".join(block) + "\n").encode()
            block.clear()
    yield ("\n".join(block) + "\n").encode()


@routes.post("/deployments/<deployment_id>/versions/<version_id>/migration-backup", "deployments:write")
def create_migration_backup(call: Call) -> Response:
    version = call.get_version(call.get_deployment())
    version.backup_id = version.backup_id or call.store.ids.new("bkp")
    backup = {
        "id": version.backup_id,
        "database_id": call.store.ids.new("db"),
        "state": "completed",
        "backup_type": "pre_migration",
        "size_bytes": BACKUP_BYTES,
        "started_at": call.now,
        "completed_at": call.now,
        "created_at": call.now,
    }
    return call.respond({"backup": backup, "version": call.serializer.version_after_change(version)}, status=201)


# -- releases: what a version points at, one each


@routes.get("/deployments/<deployment_id>/versions/<version_id>/release", "deployments:read")
def show_release_of_version(call: Call) -> Response:
    return call.respond(call.serializer.release(call.get_version(call.get_deployment())), noun="release")


@routes.get("/deployments/<deployment_id>/releases", "deployments:read")
def list_releases(call: Call) -> Response:
    versions = filtered(call, call.get_deployment(), "releases")
    released = (version for version in versions if version.artifact_sha256)
    return call.respond_page("releases", released, call.serializer.release, number_key)


@routes.get("/deployments/<deployment_id>/releases/<release_id>", "deployments:read")
def show_release(call: Call) -> Response:
    return call.respond(call.serializer.release(call.get_release(call.get_deployment())), noun="release")
