"""`GET /_control/state`: every customer with its deployments, and what each deployment was seeded to show."""

from __future__ import annotations

from typing import Any

from portal.simulator.clock import isoformat
from portal.simulator.records import Deployment, Workspace
from portal.simulator.state import State
from portal.simulator.store import Store

Row = dict[str, Any]


def summarize(state: State) -> Row:
    """A deployment is listed under every customer that has a version or a domain in it."""
    store = state.store
    customers = {
        workspace.external_workspace_id: customer_row(workspace.external_workspace_id, workspace)
        for workspace in store.workspaces.values()
        if workspace.external_workspace_id is not None
    }
    unassigned = []
    for deployment in store.deployments.values():
        row = deployment_row(store, deployment)
        owners = owners_of(deployment)
        if not owners:
            unassigned.append(row)
        for owner in owners:
            customers.setdefault(owner, customer_row(owner, None))["deployments"].append(row)
    return {
        "seed": state.seed.number,
        "now": isoformat(state.clock.now()),
        "tenant_id": store.tenant_id,
        "customers": list(customers.values()),
        "unassigned": unassigned,
    }


def customer_row(external_id: str, workspace: Workspace | None) -> Row:
    return {
        "external_workspace_id": external_id,
        "name": workspace.name if workspace else None,
        "workspace_id": workspace.id if workspace else None,
        "deployments": [],
    }


def owners_of(deployment: Deployment) -> list[str]:
    owners = {deployment.attribution.workspace}
    owners |= {version.attribution.workspace for version in deployment.versions}
    owners |= {domain.attribution.workspace for domain in deployment.domains}
    return sorted(owner for owner in owners if owner is not None)


def deployment_row(store: Store, deployment: Deployment) -> Row:
    live = store.find_live_version(deployment)
    return {
        "id": deployment.id,
        "name": deployment.name,
        "slug": deployment.slug,
        "scenario": deployment.scenario,
        "kind": deployment.kind,
        "state": deployment.state,
        "external_workspace_id": deployment.attribution.workspace,
        "active_version_id": deployment.active_version_id,
        "live_number": live.version_number if live else None,
        "versions": len(deployment.versions),
    }


def list_internal_strings(store: Store) -> list[str]:
    """Real values in rows that must never reach a customer's screen."""
    found = {store.tenant_id, *store.users, *store.workspaces}
    found |= {workspace.project_id for workspace in store.workspaces.values()}
    for deployment in store.deployments.values():
        for instance in deployment.instances:
            found |= {instance.host_id, instance.node_id, instance.vm_id, instance.ip_address}
    return sorted(found)
