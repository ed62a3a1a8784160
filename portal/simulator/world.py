"""The stored world of one tenant: tables, indexes, and what is due to happen."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from portal.simulator.ids import Ids
from portal.simulator.records import Deployment, Event, Sandbox, Version, Webhook, Workspace

Ordered = list[tuple[datetime, str]]
Place = list[Any]  # creation time in seconds, and id


def newest(order: Ordered, before: Place | None) -> Iterator[str]:
    """Ids from the newest down, starting below a place without walking there."""
    end = (
        len(order) if before is None else bisect_left(order, before, key=lambda entry: [entry[0].timestamp(), entry[1]])
    )
    return (order[index][1] for index in range(end - 1, -1, -1))


class World:
    """Not locked by itself: the application holds one lock around each call."""

    def __init__(self, *, tenant_id: str, tenant_slug: str, tenant_name: str) -> None:
        self.tenant_id = tenant_id
        self.tenant_slug = tenant_slug
        self.tenant_name = tenant_name
        self.ids = Ids()
        self.users: list[str] = []
        self.revision = 0
        self.workspaces: dict[str, Workspace] = {}
        self.sandboxes: dict[str, Sandbox] = {}
        self.deployments: dict[str, Deployment] = {}
        self.versions: dict[str, Version] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.slugs: dict[str, str] = {}
        self.domain_names: dict[str, str] = {}
        self.env_values: dict[tuple[str, str, str], str] = {}  # deployment, environment, name
        self._order: Ordered = []
        self._workspace_order: Ordered = []
        self._by_external: dict[str | None, Ordered] = {}
        self._sandbox_order: dict[str | None, Ordered] = {}
        self._schedule: list[tuple[datetime, int, Event]] = []
        self._sequence = 0

    # -- adding and removing

    def add_workspace(self, workspace: Workspace) -> None:
        self.workspaces[workspace.id] = workspace
        insort(self._workspace_order, (workspace.created_at, workspace.id))

    def remove_workspace(self, workspace: Workspace) -> None:
        del self.workspaces[workspace.id]
        self._workspace_order.remove((workspace.created_at, workspace.id))

    def add_sandbox(self, sandbox: Sandbox) -> None:
        self.sandboxes[sandbox.id] = sandbox
        insort(self._sandbox_order.setdefault(sandbox.by.workspace, []), (sandbox.created_at, sandbox.id))

    def add_deployment(self, deployment: Deployment) -> None:
        self.deployments[deployment.id] = deployment
        self.slugs[deployment.slug] = deployment.id
        self.versions.update((version.id, version) for version in deployment.versions)
        self.domain_names.update((domain.domain, deployment.id) for domain in deployment.domains)
        insort(self._order, (deployment.created_at, deployment.id))
        insort(self._by_external.setdefault(deployment.by.workspace, []), (deployment.created_at, deployment.id))

    def remove_deployment(self, deployment: Deployment) -> None:
        del self.deployments[deployment.id]
        self.slugs.pop(deployment.slug, None)
        for version in deployment.versions:
            self.versions.pop(version.id, None)
        for domain in deployment.domains:
            self.domain_names.pop(domain.domain, None)
        for order in (self._order, self._by_external[deployment.by.workspace]):
            order.remove((deployment.created_at, deployment.id))

    def reattribute(self, deployment: Deployment, external_workspace_id: str | None) -> None:
        """Only the index moves; the caller changes the record."""
        entry = (deployment.created_at, deployment.id)
        self._by_external[deployment.by.workspace].remove(entry)
        insort(self._by_external.setdefault(external_workspace_id, []), entry)

    def add_version(self, version: Version) -> None:
        self.deployments[version.deployment_id].versions.append(version)
        self.versions[version.id] = version

    # -- looking up

    def newest_deployments(
        self, external_workspace_id: str | None = None, *, before: Place | None = None
    ) -> Iterator[Deployment]:
        order = self._order if external_workspace_id is None else self._by_external.get(external_workspace_id, [])
        return (self.deployments[id_] for id_ in newest(order, before))

    def newest_workspaces(self, *, before: Place | None = None) -> Iterator[Workspace]:
        return (self.workspaces[id_] for id_ in newest(self._workspace_order, before))

    def newest_sandboxes(self, external_workspace_id: str | None = None) -> Iterator[Sandbox]:
        if external_workspace_id is None:
            return iter(sorted(self.sandboxes.values(), key=lambda s: (s.created_at, s.id), reverse=True))
        order = self._sandbox_order.get(external_workspace_id, [])
        return (self.sandboxes[id_] for _, id_ in reversed(order))

    def find_version(self, deployment: Deployment, version_id: str) -> Version | None:
        version = self.versions.get(version_id)
        return version if version is not None and version.deployment_id == deployment.id else None

    def live_version(self, deployment: Deployment) -> Version | None:
        return self.versions.get(deployment.active_version_id or "")

    def version_index(self, deployment: Deployment, number: int) -> int:
        return bisect_left(deployment.versions, number, key=lambda version: version.version_number)

    def find_workspace_by_external(self, external_workspace_id: str) -> Workspace | None:
        found = (w for w in self.workspaces.values() if w.external_workspace_id == external_workspace_id)
        return next(found, None)

    # -- what is due

    def schedule(self, event: Event) -> None:
        self._sequence += 1
        heapq.heappush(self._schedule, (event.at, self._sequence, event))

    def pop_due(self, now: datetime) -> Event | None:
        if self._schedule and self._schedule[0][0] <= now:
            return heapq.heappop(self._schedule)[2]
        return None

    def scheduled(self) -> list[Event]:
        return [event for _, _, event in sorted(self._schedule, key=lambda item: item[:2])]
