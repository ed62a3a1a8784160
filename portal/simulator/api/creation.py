"""Creates deployments and workspaces from a request; a workspace is found by attribution (sections 7 and 10.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.simulator.api.call import Call
from portal.simulator.api.env_vars import parse_env
from portal.simulator.defaults import BRANCH
from portal.simulator.errors import invalid
from portal.simulator.ids import slugify
from portal.simulator.records import Attribution, Deployment, EnvVar, Workspace

MAX_NAME = 255


def create_workspace(call: Call, name: str, external_id: str | None, **facts: Any) -> Workspace:
    workspace = Workspace(
        id=call.store.ids.new("ws"),
        name=name,
        slug=slugify(name, default="workspace"),
        external_workspace_id=external_id,
        project_id=call.store.ids.new("prj"),
        created_at=call.now,
        updated_at=call.now,
        **facts,
    )
    call.store.add_workspace(workspace)
    return workspace


def find_or_create_workspace(call: Call, attribution: Attribution, workspace_id: str | None) -> Workspace:
    """The requested one, else the customer's, else the tenant's default."""
    if workspace_id:
        return call.get_workspace(workspace_id)
    customer = attribution.workspace or None
    found = call.store.find_workspace_of(customer)
    return found or create_workspace(call, customer or "Default workspace", customer)


def create_deployment(
    call: Call,
    body: Mapping[str, Any],
    *,
    source_type: str,
    inherited: Attribution | None = None,
    workspace: Workspace | None = None,
) -> Deployment:
    """`inherited` is the attribution of the sandbox it is made from."""
    name = str(call.text(body, "name", required=True, limit=MAX_NAME))
    metadata = call.metadata(body)
    if not isinstance(body.get("auto_deploy", True), bool):
        raise invalid("auto_deploy", "must be true or false")
    attribution = call.attribution(body, inherited)
    workspace = workspace or find_or_create_workspace(call, attribution, call.text(body, "workspace_id"))
    deployment = Deployment(
        id=call.store.ids.new("dep"),
        name=name,
        slug=call.store.free_slug(call.text(body, "slug") or name),
        state="pending",
        owner_id=call.store.users[0] if call.store.users else call.store.ids.new("user"),
        workspace_id=workspace.id,
        project_id=workspace.project_id,
        source_type=source_type,
        attribution=attribution,
        repo_url=call.text(body, "repo_url"),
        branch=call.text(body, "branch") or BRANCH,
        build_command=call.text(body, "build_command"),
        run_command=call.text(body, "run_command"),
        auto_deploy=body.get("auto_deploy", True),
        metadata=metadata,
        scenario="new",
        created_at=call.now,
        updated_at=call.now,
        env=create_env(call, body),
    )
    call.store.add_deployment(deployment)
    return deployment


def create_env(call: Call, body: Mapping[str, Any]) -> list[EnvVar]:
    created = []
    for name, value in parse_env(body.get("env") or {}).items():
        var = EnvVar(name=name, created_at=call.now, updated_at=call.now)
        var.mask(value)
        created.append(var)
    return created
