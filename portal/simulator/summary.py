"""`GET /_control/state`: who is in it and what each deployment is there to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.simulator.clock import iso
from portal.simulator.records import Deployment

if TYPE_CHECKING:
    from portal.simulator.platform import Platform
    from portal.simulator.world import World


def of(platform: Platform) -> dict[str, Any]:
    world = platform.world
    customers: dict[str, dict[str, Any]] = {}
    for workspace in world.workspaces.values():
        external = workspace.external_workspace_id
        if external is not None:
            customers[external] = {
                "external_workspace_id": external,
                "name": workspace.name,
                "workspace_id": workspace.id,
                "deployments": [],
            }
    unassigned = []
    for deployment in world.deployments.values():
        owners = {version.by.workspace for version in deployment.versions} | {deployment.by.workspace}
        owners |= {domain.by.workspace for domain in deployment.domains}
        facts = described(platform, deployment)
        if not owners - {None}:
            unassigned.append(facts)
        for owner in sorted(owners - {None}, key=str):
            entry: dict[str, Any] = {
                "external_workspace_id": owner,
                "name": None,
                "workspace_id": None,
                "deployments": [],
            }
            customers.setdefault(str(owner), entry)["deployments"].append(facts)
    return {
        "seed": platform.seed_number,
        "now": iso(platform.clock.now()),
        "tenant_id": world.tenant_id,
        "customers": list(customers.values()),
        "unassigned": unassigned,
    }


def internal(world: World) -> list[str]:
    """Strings that appear in rows as they are, and have no business on a customer's screen."""
    found = {world.tenant_id, *world.users, *world.workspaces, *(w.project_id for w in world.workspaces.values())}
    for deployment in world.deployments.values():
        for instance in deployment.instances:
            found |= {instance.host_id, instance.node_id, instance.vm_id, instance.ip_address}
    return sorted(found)


def described(platform: Platform, deployment: Deployment) -> dict[str, Any]:
    live = platform.world.live_version(deployment)
    return {
        "id": deployment.id,
        "name": deployment.name,
        "slug": deployment.slug,
        "scenario": deployment.scenario,
        "kind": deployment.kind,
        "state": deployment.state,
        "external_workspace_id": deployment.by.workspace,
        "active_version_id": deployment.active_version_id,
        "live_number": live.version_number if live else None,
        "versions": len(deployment.versions),
    }
