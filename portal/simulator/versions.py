"""Versions: list and show."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Response

from portal.simulator import listing
from portal.simulator.calls import Call, route
from portal.simulator.records import Deployment, Version


def key(v: Version) -> list[object]:
    return [v.version_number, v.id]


def matching(call: Call, deployment: Deployment) -> Iterable[Version]:
    state = call.args.get("state")
    for version in reversed(deployment.versions):
        if listing.attributed(version.by, call.args, call.settings) and (state is None or version.state == state):
            yield version


@route("GET", "/deployments/<deployment_id>/versions", "deployments:read")
def list_versions(call: Call) -> Response:
    return call.many("versions", matching(call, call.deployment()), key=key, draw=call.shapes.version_in_list)


@route("GET", "/deployments/<deployment_id>/versions/<version_id>", "deployments:read")
def show(call: Call) -> Response:
    return call.one(call.shapes.version(call.version(call.deployment())), noun="version")
