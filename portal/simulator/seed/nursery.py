"""Makes customers, sandboxes and deployments with a past."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal.simulator.records import Attribution, Deployment, Sandbox, Version, Workspace
from portal.simulator.world import World

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass
class Customer:
    workspace: Workspace
    people: tuple[str, ...]
    sandboxes: list[Sandbox] = field(default_factory=list)

    def by(self, rng: Random, project: str | None = None) -> Attribution:
        user = self.people[rng.randrange(len(self.people))] if self.people else None
        return Attribution(workspace=self.workspace.external_workspace_id, user=user, project=project)


@dataclass(kw_only=True)
class Past:
    """How a deployment came to be what it is. Numbers count from 1; ages are seconds before now."""

    versions: int
    oldest: float
    newest: float
    failed: dict[int, str] = field(default_factory=dict)
    staged: set[int] = field(default_factory=set)
    live: int | None = None  # another than the newest that could be: a rollback
    rolled_back_at: float = HOUR
    attributed: dict[int, Attribution] = field(default_factory=dict)


def slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "app"


class Nursery:
    def __init__(self, world: World, rng: Random, now: datetime) -> None:
        self.world = world
        self.rng = rng
        self.now = now

    def ago(self, seconds: float) -> datetime:
        return self.now - timedelta(seconds=int(seconds))

    def unique_slug(self, name: str) -> str:
        slug = base = slug_of(name)
        number = 1
        while slug in self.world.slugs:
            number += 1
            slug = f"{base}-{number}"
        return slug

    def customer(
        self, external_id: str | None, name: str, *, people: tuple[str, ...] = (), age: float = 400 * DAY, **facts: Any
    ) -> Customer:
        ids = self.world.ids
        workspace = Workspace(
            id=ids.new("ws"),
            name=name,
            slug=slug_of(external_id or name),
            external_workspace_id=external_id,
            project_id=ids.new("prj"),
            created_at=self.ago(age),
            updated_at=self.ago(age / 2),
            **facts,
        )
        self.world.add_workspace(workspace)
        return Customer(workspace, people)

    def sandbox(
        self,
        customer: Customer,
        name: str,
        *,
        age: float,
        state: str = "running",
        template: str = "static-site",
        project: str | None = None,
    ) -> Sandbox:
        workspace = customer.workspace
        sandbox = Sandbox(
            id=self.world.ids.new("sbx"),
            name=name,
            slug=f"{slug_of(name)}-{self.rng.getrandbits(20):05x}",
            state=state,
            template_id=template,
            workspace_id=workspace.id,
            project_id=workspace.project_id,
            by=customer.by(self.rng, project),
            created_at=self.ago(age),
            started_at=self.ago(age - 4),
            destroyed_at=self.ago(age / 2) if state == "destroyed" else None,
            tags=["site"] if template == "static-site" else ["app"],
        )
        self.world.add_sandbox(sandbox)
        customer.sandboxes.append(sandbox)
        return sandbox

    def deployment(
        self,
        customer: Customer,
        name: str,
        past: Past,
        *,
        kind: str = "static",
        scenario: str = "",
        project: str | None = None,
        slug: str | None = None,
        **facts: Any,
    ) -> Deployment:
        workspace = customer.workspace
        dynamic = kind == "dynamic"
        created = self.ago(past.oldest + 5 * MINUTE)
        deployment = Deployment(
            id=self.world.ids.new("dep"),
            name=name,
            slug=slug or self.unique_slug(name),
            state="pending",
            owner_id=self.world.users[0],
            workspace_id=workspace.id,
            project_id=workspace.project_id,
            source_type=facts.pop("source_type", "sandbox"),
            by=facts.pop("by", None) or customer.by(self.rng, project or slug or slug_of(name)),
            created_at=created,
            updated_at=created,
            scenario=scenario,
            kind=kind,
            run_command="node server.js" if dynamic else None,
            runtime_image="node:22-slim" if dynamic else None,
            build_command="npm ci && npm run build",
            **facts,
        )
        self._live_through(deployment, customer, past)
        self.world.add_deployment(deployment)
        return deployment

    def _live_through(self, deployment: Deployment, customer: Customer, past: Past) -> None:
        sha = ""
        for number in range(1, past.versions + 1):
            done = (number - 1) / max(past.versions - 1, 1)
            age = past.newest + (past.oldest - past.newest) * (1 - done) ** 1.6
            jitter = self.rng.random() * min(age / 20, 5 * HOUR)
            created = self.ago(age + jitter if 1 < number < past.versions else age)
            version = self.version(deployment, customer, number, created, past)
            if version.artifact_sha256 and sha and self.rng.random() < 0.04:
                version.artifact_sha256 = sha  # the same sources, built again
            sha = version.artifact_sha256 or sha
            deployment.versions.append(version)
            if version.state == "ready" and number not in past.staged:
                self.activate(deployment, version, created + timedelta(seconds=9 + number % 9))
        if past.live is not None:
            self.activate(deployment, deployment.versions[past.live - 1], self.ago(past.rolled_back_at))
        elif not deployment.active_version_id and deployment.versions:
            deployment.state = "failed"

    def version(
        self, deployment: Deployment, customer: Customer, number: int, created: datetime, past: Past
    ) -> Version:
        ids, rng = self.world.ids, self.rng
        failure = past.failed.get(number)
        built = failure is None or failure.startswith("health")
        dynamic = deployment.kind == "dynamic"
        size = 180_000 + (number * 7919 + rng.getrandbits(16)) * (30 if dynamic else 3)
        sandbox = customer.sandboxes[rng.randrange(len(customer.sandboxes))] if customer.sandboxes else None
        project = deployment.by.project
        return Version(
            id=ids.new("ver"),
            deployment_id=deployment.id,
            version_number=number,
            kind=deployment.kind,
            state="failed" if failure else "ready",
            by=past.attributed.get(number) or customer.by(rng, project),
            created_by=self.world.users[number % len(self.world.users)],
            source_sandbox_id=sandbox.id if sandbox else None,
            build_id=ids.new("bld"),
            artifact_sha256=ids.sha256() if built else None,
            files=24 + size % 97,
            total_bytes=size,
            entrypoint=None if dynamic else "index.html",
            runtime_image="node:22-slim" if dynamic else None,
            runtime_command="node server.js" if dynamic else None,
            runtime_port=8080 if dynamic else None,
            health_check_path="/healthz" if dynamic else None,
            created_at=created,
            updated_at=created + timedelta(seconds=8),
            failure=failure,
        )

    def activate(self, deployment: Deployment, version: Version, at: datetime) -> None:
        outgoing = next((v for v in reversed(deployment.versions) if v.id == deployment.active_version_id), None)
        if outgoing is not None and outgoing is not version:
            outgoing.state = "archived"
            outgoing.archived_at = outgoing.updated_at = at
        version.promoted_at = version.updated_at = at
        deployment.active_version_id = version.id
        deployment.running_artifact_sha256 = version.artifact_sha256
        deployment.activations.append(version.id)
        deployment.state = "running"
        deployment.updated_at = at
