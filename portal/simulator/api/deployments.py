"""Deployments: list, show, create, change, move, delete, proof (sections 10.1 and 10.2)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator.api.call import EXTERNAL_KEYS, Call
from portal.simulator.api.creation import create_deployment
from portal.simulator.api.routes import Routes
from portal.simulator.defaults import PRODUCT
from portal.simulator.errors import ApiError, invalid, not_found
from portal.simulator.records import Deployment

SOURCE_TYPES = ("repo", "git", "sandbox", "upload", "forge")
EXACT_FILTERS = ("project_id", "workspace_id", "state")
EDITABLE_TEXTS = ("name", "slug", "branch", "build_command", "run_command")
MAX_TEXT = 255

routes = Routes()


def filtered(call: Call, workspace_id: str | None = None) -> Iterator[Deployment]:
    """Newest first, those that pass the filters of the query."""
    exact = {name: call.args[name] for name in EXACT_FILTERS if name in call.args}
    if workspace_id is not None:
        exact["workspace_id"] = workspace_id
    start = call.pagination("deployments").start()
    for deployment in call.store.newest_deployments(call.customer_filter(), before=start):
        if call.matches_attribution(deployment.attribution) and all(
            getattr(deployment, name) == value for name, value in exact.items()
        ):
            yield deployment


@routes.get("/deployments", "deployments:read")
def list_deployments(call: Call) -> Response:
    return call.respond_page("deployments", filtered(call), call.serializer.deployment)


@routes.get("/workspaces/<workspace_id>/deployments", "deployments:read")
def list_deployments_of_workspace(call: Call) -> Response:
    workspace = call.get_workspace()
    return call.respond_page("deployments", filtered(call, workspace.id), call.serializer.deployment)


@routes.get("/deployments/<deployment_id>", "deployments:read")
def show_deployment(call: Call) -> Response:
    return call.respond(call.serializer.deployment(call.get_deployment()), noun="deployment")


@routes.post("/deployments", "deployments:write")
def create(call: Call) -> Response:
    body = call.body()
    source_type = "repo" if body.get("repo_url") else "sandbox"
    return respond_created(call, create_deployment(call, body, source_type=source_type))


@routes.post("/projects/<project_id>/deployments", "deployments:write")
def create_in_project(call: Call) -> Response:
    workspace = call.store.find_project(str(call.params["project_id"]))
    if workspace is None:
        raise not_found("project")
    body = call.body()
    source_type = call.text(body, "source_type") or "sandbox"
    if source_type not in SOURCE_TYPES:
        raise invalid("source_type", "is invalid")
    return respond_created(call, create_deployment(call, body, source_type=source_type, workspace=workspace))


def respond_created(call: Call, deployment: Deployment) -> Response:
    """For a repository's deployment with the secret of its push hook, which no other answer has."""
    call.lifecycle.announce("deployment.created", deployment, call.now)
    return call.respond(
        call.serializer.deployment_after_change(deployment),
        status=int(call.settings["create_status"]),
        noun="deployment",
        beside={"webhook_secret": f"whsec_{secrets.token_hex(16)}"} if deployment.repo_url else None,
    )


def respond_changed(call: Call, deployment: Deployment) -> Response:
    return call.respond(call.serializer.deployment_after_change(deployment), noun="deployment")


@routes.patch("/deployments/<deployment_id>", "deployments:write")
def update(call: Call) -> Response:
    deployment = call.get_deployment()
    body = call.body()
    change_texts(call, deployment, body)
    if "auto_deploy" in body:
        if not isinstance(body["auto_deploy"], bool):
            raise invalid("auto_deploy", "must be true or false")
        deployment.auto_deploy = body["auto_deploy"]
    if "metadata" in body:
        if not isinstance(body["metadata"], dict):
            raise invalid("metadata", "must be an object")
        deployment.metadata = body["metadata"]
    if any(key in body for key in EXTERNAL_KEYS):
        attribution = call.attribution(body, deployment.attribution)
        call.store.reindex_deployment(deployment, attribution.workspace)
        deployment.attribution = attribution
    deployment.updated_at = call.now
    return respond_changed(call, deployment)


def change_texts(call: Call, deployment: Deployment, body: dict[str, Any]) -> None:
    texts = {
        name: call.text(body, name, limit=MAX_TEXT, required=name in ("name", "slug"))
        for name in EDITABLE_TEXTS
        if name in body
    }
    if slug := texts.get("slug"):
        if call.store.slugs.get(slug, deployment.id) != deployment.id:
            raise ApiError(409, "slug is taken", code="NAME_TAKEN")
        call.store.slugs.pop(deployment.slug, None)
        call.store.slugs[slug] = deployment.id
    for name, value in texts.items():
        setattr(deployment, name, value)


@routes.post("/deployments/<deployment_id>/move", "deployments:write")
def move(call: Call) -> Response:
    deployment = call.get_deployment()
    workspace = call.get_workspace(call.text(call.body(), "target_workspace_id", required=True))
    deployment.workspace_id, deployment.project_id = workspace.id, workspace.project_id
    deployment.updated_at = call.now
    return respond_changed(call, deployment)


@routes.delete("/deployments/<deployment_id>", "deployments:write")
def delete(call: Call) -> Response:
    deployment = call.get_deployment()
    call.store.remove_deployment(deployment)
    return call.respond_deleted(id=deployment.id)


@routes.post("/deployments/<deployment_id>/database", "deployments:write", "data:write")
def attach_database(call: Call) -> Response:
    deployment = call.get_deployment()
    deployment.linked_database_id = call.text(call.body(), "database_id") or call.store.ids.new("db")
    deployment.updated_at = call.now
    return call.respond(
        {"deployment_id": deployment.id, "database_id": deployment.linked_database_id, "state": "attached"}
    )


@routes.get("/deployments/<deployment_id>/connectors", "deployments:read")
def list_connectors(call: Call) -> Response:
    call.get_deployment()
    return call.respond_rows("connectors", [])


@routes.get("/deployment-environments", "deployments:read")
def list_environments(call: Call) -> Response:
    rows = [{"id": f"env_{name}", "name": name} for name in ("production", "staging")]
    return call.respond_rows("environments", rows)


@routes.get("/deployments/<deployment_id>/proof", "deployments:read")
def show_proof(call: Call) -> Response:
    """Section 10.9."""
    deployment = call.get_deployment()
    is_running = deployment.state == "running"
    next_actions = [] if is_running else ["Redeploy the deployment."]
    state_message = f"Deployment state is {deployment.state}."
    return call.respond({
        "ok": is_running,
        "deployment": call.serializer.deployment(deployment),
        "deployment_product": PRODUCT,
        "public_url": call.serializer.public_url(deployment),
        "checks": [
            {"id": "deployment_row", "ok": True, "message": f"Deployment {deployment.id} exists."},
            {"id": "deployment_running", "ok": is_running, "message": state_message, "recovery": next_actions},
            {"id": "public_url_present", "ok": True, "message": "Public URL is present."},
        ],
        "next_actions": next_actions,
    })  # fmt: skip
