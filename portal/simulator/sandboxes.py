"""Sandboxes: the sources picked at publish."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Response

from portal.simulator import listing
from portal.simulator.calls import Call, route
from portal.simulator.errors import not_found
from portal.simulator.records import Sandbox


def matching(call: Call, workspace_id: str | None = None) -> Iterable[Sandbox]:
    tags = {tag for tag in call.args.get("tags", "").split(",") if tag}
    indexed = call.args.get("external_workspace_id") if call.settings["attribution_filter"] == "applied" else None
    for sandbox in call.world.newest_sandboxes(indexed):
        if not listing.attributed(sandbox.by, call.args, call.settings) or not tags <= set(sandbox.tags):
            continue
        if workspace_id in (None, sandbox.workspace_id) and call.args.get("state", sandbox.state) == sandbox.state:
            yield sandbox


def key(sandbox: Sandbox) -> list[object]:
    return [sandbox.created_at.timestamp(), sandbox.id]


@route("GET", "/sandboxes", "sandboxes:read")
def list_sandboxes(call: Call) -> Response:
    return call.many("sandboxes", matching(call), key=key, draw=call.shapes.sandbox)


@route("GET", "/sandboxes/<sandbox_id>", "sandboxes:read")
def show(call: Call) -> Response:
    sandbox = call.world.sandboxes.get(str(call.params["sandbox_id"]))
    if sandbox is None:
        raise not_found("sandbox")
    return call.one(call.shapes.sandbox(sandbox), noun="sandbox")


@route("GET", "/workspaces/<workspace_id>/sandboxes", "sandboxes:read")
def list_of_workspace(call: Call) -> Response:
    if call.params["workspace_id"] not in call.world.workspaces:
        raise not_found("workspace")
    rows = matching(call, str(call.params["workspace_id"]))
    return call.many("sandboxes", rows, key=key, draw=call.shapes.sandbox)
