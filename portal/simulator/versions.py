"""Versions and their releases: list, show, logs, migration backup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator import listing, logtext
from portal.simulator.calls import Call, route
from portal.simulator.errors import Refusal
from portal.simulator.pointer import version_of_release
from portal.simulator.records import Deployment, Version


def key(v: Version) -> list[Any]:
    return [v.version_number, v.id]


def matching(call: Call, deployment: Deployment, noun: str = "versions") -> Iterable[Version]:
    """Newest first; a cursor in that order starts right at its place, however long the history."""
    state = call.args.get("state")
    end = len(deployment.versions)
    if start := listing.start_of(noun, call.args, call.settings):
        end = call.world.version_index(deployment, int(start[0]))
    for index in range(end - 1, -1, -1):
        version = deployment.versions[index]
        if listing.attributed(version.by, call.args, call.settings) and state in (None, version.state):
            yield version


@route("GET", "/deployments/<deployment_id>/versions", "deployments:read")
def list_versions(call: Call) -> Response:
    return call.many("versions", matching(call, call.deployment()), key=key, draw=call.shapes.version_in_list)


@route("GET", "/deployments/<deployment_id>/versions/<version_id>", "deployments:read")
def show(call: Call) -> Response:
    return call.one(call.shapes.version(call.version(call.deployment())), noun="version")


@route("GET", "/deployments/<deployment_id>/versions/<version_id>/logs", "deployments:read")
def logs(call: Call) -> Response:
    version = call.version(call.deployment())
    stage = call.args.get("stage")
    if stage is not None and stage not in logtext.STAGES:
        raise Refusal(400, f"unknown stage; choices: {', '.join(logtext.STAGES)}")
    style = str(call.settings["log_text"])
    lines = logtext.of_version(version, stage, style)
    if style == "huge":
        return Response(_blocks(lines), content_type="text/plain; charset=utf-8")
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _blocks(lines: Iterator[str]) -> Iterator[bytes]:
    """Large enough that sending 50 MB is quick."""
    block: list[str] = []
    for line in lines:
        block.append(line)
        if len(block) == 2000:
            yield ("\n".join(block) + "\n").encode()
            block.clear()
    yield ("\n".join(block) + "\n").encode()


@route("POST", "/deployments/<deployment_id>/versions/<version_id>/migration-backup", "deployments:write")
def migration_backup(call: Call) -> Response:
    version = call.version(call.deployment())
    version.backup_id = version.backup_id or call.world.ids.new("bkp")
    backup = {
        "id": version.backup_id, "database_id": call.world.ids.new("db"), "state": "completed",
        "backup_type": "pre_migration", "size_bytes": 7_340_032, "started_at": call.now,
        "completed_at": call.now, "created_at": call.now,
    }  # fmt: skip
    return call.one({"backup": backup, "version": call.shapes.version_after_change(version)}, status=201)


# -- releases: what a version points at, one each


@route("GET", "/deployments/<deployment_id>/versions/<version_id>/release", "deployments:read")
def release_of_version(call: Call) -> Response:
    return call.one(call.shapes.release(call.version(call.deployment())), noun="release")


@route("GET", "/deployments/<deployment_id>/releases", "deployments:read")
def list_releases(call: Call) -> Response:
    rows = (version for version in matching(call, call.deployment(), "releases") if version.artifact_sha256)
    return call.many("releases", rows, key=key, draw=call.shapes.release)


@route("GET", "/deployments/<deployment_id>/releases/<release_id>", "deployments:read")
def show_release(call: Call) -> Response:
    version = version_of_release(call.deployment(), str(call.params["release_id"]))
    return call.one(call.shapes.release(version), noun="release")
