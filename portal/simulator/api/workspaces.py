"""Workspaces, projects, the tenant, and the key that asks (sections 6 and 10.10)."""

from __future__ import annotations

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.creation import MAX_NAME, create_workspace
from portal.simulator.api.pagination import creation_key
from portal.simulator.api.routes import Routes
from portal.simulator.errors import ApiError

routes = Routes()


@routes.get("/workspaces")
def list_workspaces(call: Call) -> Response:
    external_id = call.customer_filter()
    workspaces = call.store.newest_workspaces(before=call.pagination("workspaces").start())
    if external_id is not None:
        workspaces = (workspace for workspace in workspaces if workspace.external_workspace_id == external_id)
    return call.respond_page("workspaces", workspaces, call.serializer.workspace)


@routes.get("/workspaces/<workspace_id>")
def show_workspace(call: Call) -> Response:
    return call.respond(call.serializer.workspace(call.get_workspace()), noun="workspace")


@routes.post("/workspaces", "deployments:write")
def create(call: Call) -> Response:
    """A workspace of the same customer is answered as it is, with `reused` beside it (section 3.1)."""
    body = call.body()
    name = str(call.text(body, "name", required=True, limit=MAX_NAME))
    external_id = call.text(body, "external_workspace_id")
    if external_id and (known := call.store.find_workspace_of(external_id)):
        return call.respond(call.serializer.workspace(known), noun="workspace", beside={"reused": True})
    namesake = next((workspace for workspace in call.store.workspaces.values() if workspace.name == name), None)
    if namesake and body.get("allow_duplicate_name") is not True:
        raise ApiError(
            409,
            "a workspace of this name exists",
            code="WORKSPACE_NAME_EXISTS",
            extra={"existing": call.serializer.workspace(namesake)},
        )
    facts = {"description": call.text(body, "description"), "metadata": call.metadata(body)}
    workspace = create_workspace(call, name, external_id, **facts)
    return call.respond(call.serializer.workspace(workspace), status=201, noun="workspace")


@routes.patch("/workspaces/<workspace_id>", "deployments:write")
def update(call: Call) -> Response:
    workspace = call.get_workspace()
    body = call.body()
    workspace.name = call.text(body, "name") or workspace.name
    workspace.description = call.text(body, "description") or workspace.description
    if "metadata" in body:
        workspace.metadata = call.metadata(body)
    workspace.updated_at = call.now
    return call.respond(call.serializer.workspace(workspace), noun="workspace")


@routes.delete("/workspaces/<workspace_id>", "deployments:write")
def delete(call: Call) -> Response:
    workspace = call.get_workspace()
    if any(deployment.workspace_id == workspace.id for deployment in call.store.deployments.values()):
        raise ApiError(409, "workspace still has deployments")
    call.store.remove_workspace(workspace)
    return call.respond_deleted(id=workspace.id)


@routes.get("/projects")
def list_projects(call: Call) -> Response:
    workspace_id = call.args.get("workspace_id")
    workspaces = [w for w in call.store.workspaces.values() if workspace_id in (None, w.id)]
    workspaces.sort(key=creation_key, reverse=True)
    return call.respond_page("projects", workspaces, call.serializer.project)


@routes.get("/workspaces/<workspace_id>/projects")
def list_projects_of_workspace(call: Call) -> Response:
    return call.respond_page("projects", [call.get_workspace()], call.serializer.project)


@routes.get("/platform/tenants/current")
def show_tenant(call: Call) -> Response:
    row = {
        "id": call.store.tenant_id,
        "name": call.store.tenant_name,
        "slug": call.store.tenant_slug,
        "plan": "platform",
        "credit_balance": 125000,
        "inserted_at": "2024-02-01T09:00:00Z",
    }
    return call.respond(row, noun="tenant")


@routes.get("/whoami")
def show_key(call: Call) -> Response:
    store = call.store
    tenant = {"id": store.tenant_id, "slug": store.tenant_slug, "name": store.tenant_name}
    return call.respond({"type": "api_key", "tenant": tenant, "scopes": sorted(call.key.scopes)})
