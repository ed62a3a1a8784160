"""Workspaces, projects, and who is asking."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from portal.simulator import creation, listing
from portal.simulator.calls import Call, route
from portal.simulator.errors import Refusal, invalid, not_found
from portal.simulator.records import Workspace


def key(w: Workspace) -> list[Any]:
    return [w.created_at.timestamp(), w.id]


def find(call: Call) -> Workspace:
    workspace = call.world.workspaces.get(str(call.params["workspace_id"]))
    if workspace is None:
        raise not_found("workspace")
    return workspace


@route("GET", "/workspaces")
def list_workspaces(call: Call) -> Response:
    external = call.args.get("external_workspace_id")
    rows = call.world.newest_workspaces(before=listing.start_of("workspaces", call.args, call.settings))
    if external is not None and call.settings["attribution_filter"] == "applied":
        rows = (row for row in rows if row.external_workspace_id == external)
    return call.many("workspaces", rows, key=key, draw=call.shapes.workspace)


@route("GET", "/workspaces/<workspace_id>")
def show(call: Call) -> Response:
    return call.one(call.shapes.workspace(find(call)), noun="workspace")


@route("POST", "/workspaces", "deployments:write")
def create(call: Call) -> Response:
    body = call.body()
    name = str(call.text(body, "name", required=True, limit=255))
    external = call.text(body, "external_workspace_id")
    if external and (known := call.world.find_workspace_by_external(external)):
        return call.one(call.shapes.workspace(known), noun="workspace", beside={"reused": True})
    same = next((w for w in call.world.workspaces.values() if w.name == name), None)
    if same and body.get("allow_duplicate_name") is not True:
        raise Refusal(409, "a workspace of this name exists", code="WORKSPACE_NAME_EXISTS",
                      extra={"existing": call.shapes.workspace(same)})  # fmt: skip
    facts = {"description": call.text(body, "description"), "metadata": metadata_of(body)}
    workspace = creation.new_workspace(call, name, external, **facts)
    return call.one(call.shapes.workspace(workspace), status=201, noun="workspace")


def metadata_of(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise invalid("metadata", "must be an object")
    return metadata


@route("PATCH", "/workspaces/<workspace_id>", "deployments:write")
def update(call: Call) -> Response:
    workspace = find(call)
    body = call.body()
    workspace.name = call.text(body, "name") or workspace.name
    workspace.description = call.text(body, "description") or workspace.description
    if "metadata" in body:
        workspace.metadata = metadata_of(body)
    workspace.updated_at = call.now
    return call.one(call.shapes.workspace(workspace), noun="workspace")


@route("DELETE", "/workspaces/<workspace_id>", "deployments:write")
def delete(call: Call) -> Response:
    workspace = find(call)
    if any(d.workspace_id == workspace.id for d in call.world.deployments.values()):
        raise Refusal(409, "workspace still has deployments")
    call.world.remove_workspace(workspace)
    return call.deleted(id=workspace.id)


@route("GET", "/projects")
def list_projects(call: Call) -> Response:
    wanted = call.args.get("workspace_id")
    rows = [w for w in call.world.workspaces.values() if wanted in (None, w.id)]
    return call.many("projects", sorted(rows, key=key, reverse=True), key=key, draw=call.shapes.project)


@route("GET", "/workspaces/<workspace_id>/projects")
def projects_of_workspace(call: Call) -> Response:
    return call.many("projects", [find(call)], key=key, draw=call.shapes.project)


@route("GET", "/platform/tenants/current")
def current_tenant(call: Call) -> Response:
    world = call.world
    return call.one({
        "id": world.tenant_id, "name": world.tenant_name, "slug": world.tenant_slug,
        "plan": "platform", "credit_balance": 125000, "inserted_at": "2024-02-01T09:00:00Z",
    }, noun="tenant")  # fmt: skip


@route("GET", "/whoami")
def whoami(call: Call) -> Response:
    world = call.world
    return call.one({
        "type": "api_key", "tenant": {"id": world.tenant_id, "slug": world.tenant_slug, "name": world.tenant_name},
        "scopes": sorted(call.scopes),
    })  # fmt: skip
