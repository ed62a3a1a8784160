"""Tables and indexes of one simulated tenant, and the state changes that are due."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from portal.simulator.defaults import HOSTED_SUFFIX
from portal.simulator.ids import Ids, slugify
from portal.simulator.records import Deployment, Event, Sandbox, Version, Webhook, Workspace

Index = list[tuple[datetime, str]]  # creation time and id, ascending
Position = list[Any]  # creation time in seconds, and id


def newest_first(index: Index, before: Position | None) -> Iterator[str]:
    """Ids from the newest down. `before` is found by bisection, so a page deep in a list costs no more."""
    end = len(index)
    if before is not None:
        end = bisect_left(index, before, key=lambda entry: [entry[0].timestamp(), entry[1]])
    return (index[position][1] for position in range(end - 1, -1, -1))


class Store:
    """Not locked: callers hold the state's lock."""

    def __init__(self, *, tenant_id: str, tenant_slug: str, tenant_name: str) -> None:
        self.tenant_id = tenant_id
        self.tenant_slug = tenant_slug
        self.tenant_name = tenant_name
        self.ids = Ids()
        self.users: list[str] = []
        self.revision = 0  # grows with each change, so that the state file is written only then
        self.workspaces: dict[str, Workspace] = {}
        self.sandboxes: dict[str, Sandbox] = {}
        self.deployments: dict[str, Deployment] = {}
        self.versions: dict[str, Version] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.slugs: dict[str, str] = {}
        self.domain_names: dict[str, str] = {}
        self.env_values: dict[tuple[str, str, str], str] = {}  # by deployment, environment and name
        self._deployments: Index = []
        self._workspaces: Index = []
        self._deployments_by_customer: dict[str | None, Index] = {}
        self._sandboxes_by_customer: dict[str | None, Index] = {}
        self._events: list[tuple[datetime, int, Event]] = []
        self._event_count = 0

    # -- adding and removing

    def add_workspace(self, workspace: Workspace) -> None:
        self.workspaces[workspace.id] = workspace
        insort(self._workspaces, (workspace.created_at, workspace.id))

    def remove_workspace(self, workspace: Workspace) -> None:
        del self.workspaces[workspace.id]
        self._workspaces.remove((workspace.created_at, workspace.id))

    def add_sandbox(self, sandbox: Sandbox) -> None:
        self.sandboxes[sandbox.id] = sandbox
        index = self._sandboxes_by_customer.setdefault(sandbox.attribution.workspace, [])
        insort(index, (sandbox.created_at, sandbox.id))

    def add_deployment(self, deployment: Deployment) -> None:
        self.deployments[deployment.id] = deployment
        self.slugs[deployment.slug] = deployment.id
        self.versions.update((version.id, version) for version in deployment.versions)
        self.domain_names.update((domain.domain, deployment.id) for domain in deployment.domains)
        entry = (deployment.created_at, deployment.id)
        insort(self._deployments, entry)
        insort(self._deployments_by_customer.setdefault(deployment.attribution.workspace, []), entry)

    def remove_deployment(self, deployment: Deployment) -> None:
        del self.deployments[deployment.id]
        self.slugs.pop(deployment.slug, None)
        for version in deployment.versions:
            self.versions.pop(version.id, None)
        for domain in deployment.domains:
            self.domain_names.pop(domain.domain, None)
        for index in (self._deployments, self._deployments_by_customer[deployment.attribution.workspace]):
            index.remove((deployment.created_at, deployment.id))

    def reindex_deployment(self, deployment: Deployment, external_workspace_id: str | None) -> None:
        """Call before the deployment's attribution changes to this customer."""
        entry = (deployment.created_at, deployment.id)
        self._deployments_by_customer[deployment.attribution.workspace].remove(entry)
        insort(self._deployments_by_customer.setdefault(external_workspace_id, []), entry)

    def add_version(self, version: Version) -> None:
        self.deployments[version.deployment_id].versions.append(version)
        self.versions[version.id] = version

    # -- finding

    def newest_deployments(
        self, external_workspace_id: str | None = None, *, before: Position | None = None
    ) -> Iterator[Deployment]:
        index = self._deployments
        if external_workspace_id is not None:
            index = self._deployments_by_customer.get(external_workspace_id, [])
        return (self.deployments[id_] for id_ in newest_first(index, before))

    def newest_workspaces(self, *, before: Position | None = None) -> Iterator[Workspace]:
        return (self.workspaces[id_] for id_ in newest_first(self._workspaces, before))

    def newest_sandboxes(self, external_workspace_id: str | None = None) -> Iterator[Sandbox]:
        if external_workspace_id is None:
            return iter(sorted(self.sandboxes.values(), key=lambda s: (s.created_at, s.id), reverse=True))
        index = self._sandboxes_by_customer.get(external_workspace_id, [])
        return (self.sandboxes[id_] for id_ in newest_first(index, None))

    def find_version(self, deployment: Deployment, version_id: str) -> Version | None:
        version = self.versions.get(version_id)
        return version if version is not None and version.deployment_id == deployment.id else None

    def find_live_version(self, deployment: Deployment) -> Version | None:
        return self.versions.get(deployment.active_version_id or "")

    def find_workspace_of(self, external_workspace_id: str | None) -> Workspace | None:
        found = (w for w in self.workspaces.values() if w.external_workspace_id == external_workspace_id)
        return next(found, None)

    def find_project(self, project_id: str) -> Workspace | None:
        """Each workspace has exactly one project."""
        return next((w for w in self.workspaces.values() if w.project_id == project_id), None)

    # -- names

    def free_slug(self, name: str) -> str:
        slug = base = slugify(name)
        number = 1
        while slug in self.slugs:
            number += 1
            slug = f"{base}-{number}"
        return slug

    def target_host(self, deployment: Deployment) -> str:
        """The host name that a custom domain's CNAME must point at."""
        return f"{deployment.slug}.{self.tenant_slug}.{HOSTED_SUFFIX}"

    # -- due state changes

    def schedule(self, event: Event) -> None:
        self._event_count += 1
        heapq.heappush(self._events, (event.at, self._event_count, event))

    def pop_due(self, now: datetime) -> Event | None:
        if self._events and self._events[0][0] <= now:
            return heapq.heappop(self._events)[2]
        return None

    def list_scheduled(self) -> list[Event]:
        return [event for _, _, event in sorted(self._events, key=lambda item: item[:2])]
