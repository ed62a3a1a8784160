"""Builds customers, sandboxes and deployments with a history."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal.simulator.defaults import (
    BUILD_COMMAND,
    ENTRYPOINT,
    HEALTH_CHECK_PATH,
    PORT,
    RUN_COMMAND,
    RUNTIME_IMAGE,
    TEMPLATE,
)
from portal.simulator.ids import slugify
from portal.simulator.records import Attribution, Deployment, Sandbox, Version, Workspace
from portal.simulator.store import Store

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0  # ages are in seconds
REBUILD_PROBABILITY = 0.04  # that a version has the same artifact as the one before


@dataclass
class Customer:
    workspace: Workspace
    people: tuple[str, ...]
    sandboxes: list[Sandbox] = field(default_factory=list)

    def attribution(self, rng: Random, project: str | None = None) -> Attribution:
        """Attribution to one of its people, chosen at random."""
        user = self.people[rng.randrange(len(self.people))] if self.people else None
        return Attribution(workspace=self.workspace.external_workspace_id, user=user, project=project)


@dataclass(kw_only=True)
class History:
    """The versions published into a deployment. Numbers start at 1, ages are seconds before now."""

    versions: int
    oldest: float
    newest: float
    failed: dict[int, str] = field(default_factory=dict)  # number -> key of log_text.FAILURE_LOGS
    staged: set[int] = field(default_factory=set)
    live: int | None = None  # set if it was rolled back to an older version
    rolled_back_at: float = HOUR
    attributed: dict[int, Attribution] = field(default_factory=dict)  # to others than the customer's people

    def age(self, number: int) -> float:
        """Versions come more often the newer they are."""
        progress = (number - 1) / max(self.versions - 1, 1)
        return self.newest + (self.oldest - self.newest) * math.pow(1 - progress, 1.6)


class SeedBuilder:
    """Every random choice comes from one generator, so a change of order changes all ids after it."""

    def __init__(self, store: Store, rng: Random, now: datetime) -> None:
        self.store = store
        self.rng = rng
        self.now = now

    def ago(self, seconds: float) -> datetime:
        return self.now - timedelta(seconds=int(seconds))

    def add_customer(
        self, external_id: str | None, name: str, *, people: tuple[str, ...] = (), age: float = 400 * DAY, **facts: Any
    ) -> Customer:
        workspace = Workspace(
            id=self.store.ids.new("ws"),
            name=name,
            slug=slugify(external_id or name),
            external_workspace_id=external_id,
            project_id=self.store.ids.new("prj"),
            created_at=self.ago(age),
            updated_at=self.ago(age / 2),
            **facts,
        )
        self.store.add_workspace(workspace)
        return Customer(workspace, people)

    def add_sandbox(
        self, customer: Customer, name: str, *, age: float, template: str = TEMPLATE, project: str | None = None
    ) -> Sandbox:
        workspace = customer.workspace
        sandbox = Sandbox(
            id=self.store.ids.new("sbx"),
            name=name,
            slug=f"{slugify(name)}-{self.rng.getrandbits(20):05x}",
            state="running",
            template_id=template,
            workspace_id=workspace.id,
            project_id=workspace.project_id,
            attribution=customer.attribution(self.rng, project),
            created_at=self.ago(age),
            started_at=self.ago(age - 4),
            tags=["site"] if template == TEMPLATE else ["app"],
        )
        self.store.add_sandbox(sandbox)
        customer.sandboxes.append(sandbox)
        return sandbox

    def add_deployment(
        self, customer: Customer, name: str, history: History, *, scenario: str, slug: str | None = None, **facts: Any
    ) -> Deployment:
        """`facts` are further fields of the record. `scenario` says what it was made to show."""
        workspace = customer.workspace
        is_dynamic = facts.get("kind") == "dynamic"
        created_at = self.ago(history.oldest + 5 * MINUTE)
        project = facts.pop("project", None) or slug or slugify(name)
        deployment = Deployment(
            id=self.store.ids.new("dep"),
            name=name,
            slug=slug or self.store.free_slug(name),
            state="pending",
            owner_id=self.store.users[0],
            workspace_id=workspace.id,
            project_id=workspace.project_id,
            source_type=facts.pop("source_type", "sandbox"),
            attribution=facts.pop("attribution", None) or customer.attribution(self.rng, project),
            created_at=created_at,
            updated_at=created_at,
            scenario=scenario,
            run_command=RUN_COMMAND if is_dynamic else None,
            runtime_image=RUNTIME_IMAGE if is_dynamic else None,
            build_command=BUILD_COMMAND,
            **facts,
        )
        self._publish_all(deployment, customer, history)
        self.store.add_deployment(deployment)
        return deployment

    def _publish_all(self, deployment: Deployment, customer: Customer, history: History) -> None:
        previous_sha256 = ""
        for number in range(1, history.versions + 1):
            age = history.age(number)
            jitter = self.rng.random() * min(age / 20, 5 * HOUR)
            created_at = self.ago(age + jitter if 1 < number < history.versions else age)
            version = self._create_version(deployment, customer, number, created_at, history)
            if version.artifact_sha256 and previous_sha256 and self.rng.random() < REBUILD_PROBABILITY:
                version.artifact_sha256 = previous_sha256
            previous_sha256 = version.artifact_sha256 or previous_sha256
            deployment.versions.append(version)
            if version.state == "ready" and number not in history.staged:
                activate(deployment, version, created_at + timedelta(seconds=9 + number % 9))
        if history.live is not None:
            activate(deployment, deployment.versions[history.live - 1], self.ago(history.rolled_back_at))
        elif not deployment.active_version_id and deployment.versions:
            deployment.state = "failed"

    def _create_version(
        self, deployment: Deployment, customer: Customer, number: int, created_at: datetime, history: History
    ) -> Version:
        ids, rng = self.store.ids, self.rng
        failure = history.failed.get(number)
        has_artifact = failure is None or failure.startswith("health")
        is_dynamic = deployment.kind == "dynamic"
        size = 180_000 + (number * 7919 + rng.getrandbits(16)) * (30 if is_dynamic else 3)
        sandbox = customer.sandboxes[rng.randrange(len(customer.sandboxes))] if customer.sandboxes else None
        project = deployment.attribution.project
        return Version(
            id=ids.new("ver"),
            deployment_id=deployment.id,
            version_number=number,
            kind=deployment.kind,
            state="failed" if failure else "ready",
            attribution=history.attributed.get(number) or customer.attribution(rng, project),
            created_by=self.store.users[number % len(self.store.users)],
            source_sandbox_id=sandbox.id if sandbox else None,
            build_id=ids.new("bld"),
            artifact_sha256=ids.sha256() if has_artifact else None,
            files=24 + size % 97,
            total_bytes=size,
            entrypoint=None if is_dynamic else ENTRYPOINT,
            runtime_image=RUNTIME_IMAGE if is_dynamic else None,
            runtime_command=RUN_COMMAND if is_dynamic else None,
            runtime_port=PORT if is_dynamic else None,
            health_check_path=HEALTH_CHECK_PATH if is_dynamic else None,
            created_at=created_at,
            updated_at=created_at + timedelta(seconds=8),
            failure=failure,
        )


def activate(deployment: Deployment, version: Version, at: datetime) -> None:
    """As `Lifecycle.activate` with default knobs, without webhooks and instances."""
    outgoing = next((v for v in reversed(deployment.versions) if v.id == deployment.active_version_id), None)
    if outgoing is not None and outgoing is not version:
        outgoing.state = "archived"
        outgoing.archived_at = outgoing.updated_at = at
    version.promoted_at = version.updated_at = at
    deployment.active_version_id = version.id
    deployment.running_artifact_sha256 = version.artifact_sha256
    deployment.activations.append(version.id)
    deployment.state, deployment.updated_at = "running", at
