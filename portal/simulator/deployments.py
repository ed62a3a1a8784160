"""Deployments: list, show, create, change, move, delete."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator import creation, listing
from portal.simulator.calls import Call, route
from portal.simulator.errors import Refusal, invalid, not_found
from portal.simulator.records import Deployment

PRODUCTS = ("miosa_deploy", "docker_deploy", "customer_cloud")


def key(d: Deployment) -> list[Any]:
    return [d.created_at.timestamp(), d.id]


def matching(call: Call, workspace_id: str | None = None) -> Iterable[Deployment]:
    args, settings = call.args, call.settings
    exact = {name: args[name] for name in ("project_id", "workspace_id", "state") if name in args}
    if workspace_id is not None:
        exact["workspace_id"] = workspace_id
    indexed = args.get("external_workspace_id") if settings["attribution_filter"] == "applied" else None
    start = listing.start_of("deployments", args, settings)
    for d in call.world.newest_deployments(indexed, before=start):
        if listing.attributed(d.by, args, settings) and all(getattr(d, name) == exact[name] for name in exact):
            yield d


@route("GET", "/deployments", "deployments:read")
def list_deployments(call: Call) -> Response:
    return call.many("deployments", matching(call), key=key, draw=call.shapes.deployment)


@route("GET", "/workspaces/<workspace_id>/deployments", "deployments:read")
def list_of_workspace(call: Call) -> Response:
    if call.params["workspace_id"] not in call.world.workspaces:
        raise not_found("workspace")
    rows = matching(call, str(call.params["workspace_id"]))
    return call.many("deployments", rows, key=key, draw=call.shapes.deployment)


@route("GET", "/deployments/<deployment_id>", "deployments:read")
def show(call: Call) -> Response:
    return call.one(call.shapes.deployment(call.deployment()), noun="deployment")


@route("POST", "/deployments", "deployments:write")
def create(call: Call) -> Response:
    body = call.body()
    source = "repo" if body.get("repo_url") else "sandbox"
    return created(call, creation.new_deployment(call, body, source_type=source))


@route("POST", "/projects/<project_id>/deployments", "deployments:write")
def create_in_project(call: Call) -> Response:
    workspace = next((w for w in call.world.workspaces.values() if w.project_id == call.params["project_id"]), None)
    if workspace is None:
        raise not_found("project")
    body = call.body()
    source = call.text(body, "source_type") or "sandbox"
    if source not in ("repo", "git", "sandbox", "upload", "forge"):
        raise invalid("source_type", "is invalid")
    return created(call, creation.new_deployment(call, body, source_type=source, workspace=workspace))


def created(call: Call, deployment: Deployment) -> Response:
    call.lifecycle.tell("deployment.created", deployment, call.now)
    return call.one(
        call.shapes.deployment_after_change(deployment),
        status=int(call.settings["create_status"]),
        noun="deployment",
        beside={"webhook_secret": f"whsec_{secrets.token_hex(16)}"} if deployment.repo_url else None,
    )


@route("PATCH", "/deployments/<deployment_id>", "deployments:write")
def update(call: Call) -> Response:
    deployment = call.deployment()
    body = call.body()
    _change_text(call, deployment, body)
    if "auto_deploy" in body:
        if not isinstance(body["auto_deploy"], bool):
            raise invalid("auto_deploy", "must be true or false")
        deployment.auto_deploy = body["auto_deploy"]
    if "metadata" in body:
        if not isinstance(body["metadata"], dict):
            raise invalid("metadata", "must be an object")
        deployment.metadata = body["metadata"]
    if any(name in body for name in listing.EXTERNAL):
        by = call.attribution(body, deployment.by)
        call.world.reattribute(deployment, by.workspace)
        deployment.by = by
    deployment.updated_at = call.now
    return call.one(call.shapes.deployment_after_change(deployment), noun="deployment")


def _change_text(call: Call, deployment: Deployment, body: dict[str, Any]) -> None:
    texts = {name: call.text(body, name, limit=255, required=name in ("name", "slug"))
             for name in ("name", "slug", "branch", "build_command", "run_command") if name in body}  # fmt: skip
    if slug := texts.get("slug"):
        if call.world.slugs.get(slug, deployment.id) != deployment.id:
            raise Refusal(409, "slug is taken", code="NAME_TAKEN")
        call.world.slugs.pop(deployment.slug, None)
        call.world.slugs[slug] = deployment.id
    for name, value in texts.items():
        setattr(deployment, name, value)


@route("POST", "/deployments/<deployment_id>/move", "deployments:write")
def move(call: Call) -> Response:
    deployment = call.deployment()
    target = call.text(call.body(), "target_workspace_id", required=True)
    workspace = call.world.workspaces.get(str(target))
    if workspace is None:
        raise not_found("workspace")
    deployment.workspace_id, deployment.project_id = workspace.id, workspace.project_id
    deployment.updated_at = call.now
    return call.one(call.shapes.deployment_after_change(deployment), noun="deployment")


@route("DELETE", "/deployments/<deployment_id>", "deployments:write")
def delete(call: Call) -> Response:
    deployment = call.deployment()
    call.world.remove_deployment(deployment)
    return call.deleted(id=deployment.id)


@route("GET", "/deployments/<deployment_id>/proof", "deployments:read")
def proof(call: Call) -> Response:
    d = call.deployment()
    running = d.state == "running"
    checks: list[dict[str, Any]] = [
        {"id": "deployment_row", "ok": True, "message": f"Deployment {d.id} exists."},
        {"id": "deployment_running", "ok": running, "message": f"Deployment state is {d.state}.",
         "recovery": [] if running else ["Redeploy the deployment."]},
        {"id": "public_url_present", "ok": True, "message": "Public URL is present."},
    ]  # fmt: skip
    return call.one({
        "ok": running,
        "deployment": call.shapes.deployment(d),
        "deployment_product": "miosa_deploy",
        "public_url": call.shapes.public_url(d),
        "checks": checks,
        "next_actions": [] if running else ["Redeploy the deployment."],
    })  # fmt: skip
