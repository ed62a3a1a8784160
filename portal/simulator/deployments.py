"""Deployments: list and show."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Response

from portal.simulator import listing
from portal.simulator.calls import Call, route
from portal.simulator.records import Deployment


def key(d: Deployment) -> list[object]:
    return [d.created_at.timestamp(), d.id]


def matching(call: Call) -> Iterable[Deployment]:
    args, settings = call.args, call.settings
    indexed = args.get("external_workspace_id") if settings["attribution_filter"] == "applied" else None
    for d in call.world.newest_deployments(indexed):
        if not listing.attributed(d.by, args, settings):
            continue
        if all(getattr(d, name) == args[name] for name in ("project_id", "workspace_id", "state") if name in args):
            yield d


@route("GET", "/deployments", "deployments:read")
def list_deployments(call: Call) -> Response:
    return call.many("deployments", matching(call), key=key, draw=call.shapes.deployment)


@route("GET", "/deployments/<deployment_id>", "deployments:read")
def show(call: Call) -> Response:
    return call.one(call.shapes.deployment(call.deployment()), noun="deployment")
