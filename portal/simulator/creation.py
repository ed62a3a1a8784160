"""New deployments and workspaces, found or made by attribution."""

from __future__ import annotations

import re
from typing import Any

from portal.simulator.calls import Call
from portal.simulator.env import preview_of, read_env
from portal.simulator.errors import invalid, not_found
from portal.simulator.records import Attribution, Deployment, EnvVar, Workspace


def slug_for(call: Call, name: str) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "app"
    slug, number = base, 1
    while slug in call.world.slugs:
        number += 1
        slug = f"{base}-{number}"
    return slug


def new_workspace(call: Call, name: str, external_id: str | None, **facts: Any) -> Workspace:
    workspace = Workspace(
        id=call.world.ids.new("ws"),
        name=name,
        slug=re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "workspace",
        external_workspace_id=external_id,
        project_id=call.world.ids.new("prj"),
        created_at=call.now,
        updated_at=call.now,
        **facts,
    )
    call.world.add_workspace(workspace)
    return workspace


def workspace_for(call: Call, by: Attribution, wanted: str | None) -> Workspace:
    """The one named, else the customer's, else the tenant's default; made if it is missing."""
    if wanted:
        if wanted not in call.world.workspaces:
            raise not_found("workspace")
        return call.world.workspaces[wanted]
    if by.workspace:
        found = call.world.find_workspace_by_external(by.workspace)
        return found or new_workspace(call, by.workspace, by.workspace)
    default = next((w for w in call.world.workspaces.values() if w.external_workspace_id is None), None)
    return default or new_workspace(call, "Default workspace", None)


def new_deployment(
    call: Call,
    body: dict[str, Any],
    *,
    source_type: str,
    inherited: Attribution | None = None,
    workspace: Workspace | None = None,
) -> Deployment:
    name = str(call.text(body, "name", required=True, limit=255))
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise invalid("metadata", "must be an object")
    if not isinstance(body.get("auto_deploy", True), bool):
        raise invalid("auto_deploy", "must be true or false")
    by = call.attribution(body, inherited)
    home = workspace or workspace_for(call, by, call.text(body, "workspace_id"))
    deployment = Deployment(
        id=call.world.ids.new("dep"),
        name=name,
        slug=slug_for(call, call.text(body, "slug") or name),
        state="pending",
        owner_id=call.world.users[0] if call.world.users else call.world.ids.new("user"),
        workspace_id=home.id,
        project_id=home.project_id,
        source_type=source_type,
        by=by,
        repo_url=call.text(body, "repo_url"),
        branch=call.text(body, "branch") or "main",
        build_command=call.text(body, "build_command"),
        run_command=call.text(body, "run_command"),
        auto_deploy=body.get("auto_deploy", True),
        metadata=metadata,
        scenario="new",
        created_at=call.now,
        updated_at=call.now,
        env=[first_env(call, key, value) for key, value in read_env(body.get("env") or {}).items()],
    )
    call.world.add_deployment(deployment)
    return deployment


def first_env(call: Call, name: str, value: str) -> EnvVar:
    secret, preview = preview_of(name, value)
    return EnvVar(
        name=name, preview=preview, environment="production", is_secret=secret,
        created_at=call.now, updated_at=call.now,
    )  # fmt: skip
