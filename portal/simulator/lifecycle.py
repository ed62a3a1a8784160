"""What happens by itself: versions are built, instances come up, certificates are issued, artifacts go stale.

Nothing runs in the background: each call first lets everything happen whose time has come.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal.simulator.clock import later
from portal.simulator.records import Build, Deployment, Domain, Event, Instance, Version
from portal.simulator.shapes import release_id

if TYPE_CHECKING:
    from portal.simulator.platform import Platform
    from portal.simulator.world import World

# step_times → seconds spent as created, as building
STEPS = {"default": (0.2, 2.0), "instant": (0.0, 0.0), "slow": (2.0, 30.0), "stuck": (0.2, float("inf"))}
FAILURES = {"failed_build": "build:typescript", "failed_health": "health:status_500"}


class Lifecycle:
    def __init__(self, platform: Platform, world: World) -> None:
        self.platform = platform
        self.world = world
        self.settings = platform.settings

    # -- time

    def catch_up(self, now: datetime) -> None:
        while (event := self.world.pop_due(now)) is not None:
            deployment = self.world.deployments.get(event.deployment_id)
            if deployment is not None:
                self._happens(event, deployment)
                self.world.revision += 1

    def _happens(self, event: Event, deployment: Deployment) -> None:
        steps: dict[str, Callable[[Deployment, str, datetime], None]] = {
            "version_building": self._version_building,
            "version_built": self._version_built,
            "build_started": self._build_started,
            "build_finished": self._build_finished,
            "instance_starting": self._instance_starting,
            "instance_healthy": self._instance_healthy,
            "certificate": self._certificate,
        }
        steps[event.kind](deployment, event.subject_id, event.at)

    def soon(self, kind: str, deployment: Deployment, subject_id: str, at: datetime) -> None:
        self.world.schedule(Event(at=at, kind=kind, deployment_id=deployment.id, subject_id=subject_id))

    def steps(self) -> tuple[float, float]:
        return STEPS[str(self.settings["step_times"])]

    # -- versions

    def begin(self, deployment: Deployment, version: Version, now: datetime, *, at_once: bool) -> None:
        """Starts the build of a version that has just been added."""
        waits, builds = self.steps()
        self.tell("deployment.build_started", deployment, now, version)
        if at_once or builds == 0:
            self._touch(deployment, now, "building")
            self._version_built(deployment, version.id, now)
            return
        if version.state == "created":
            self.soon("version_building", deployment, version.id, later(now, waits))
            now = later(now, waits)
        self._touch(deployment, now, "building")
        if builds != float("inf"):
            self.soon("version_built", deployment, version.id, later(now, builds))

    def _version_building(self, deployment: Deployment, version_id: str, at: datetime) -> None:
        version = self.world.versions[version_id]
        version.state, version.updated_at = "building", at

    def _version_built(self, deployment: Deployment, version_id: str, at: datetime) -> None:
        version = self.world.versions[version_id]
        version.updated_at = at
        if version.failure is None or version.failure.startswith("health"):
            version.artifact_sha256 = self.world.ids.sha256()
        if version.failure:
            version.state = "failed"
            self._touch(deployment, at, "running" if deployment.active_version_id else "failed")
            self.tell("deployment.build_failed", deployment, at, version, error=version.failure)
            return
        version.state = "ready"
        self.tell("deployment.build_succeeded", deployment, at, version)
        if version.promote_when_ready:
            self.activate(deployment, version, at)
        else:
            self._touch(deployment, at, "running" if deployment.active_version_id else "pending")

    def _touch(self, deployment: Deployment, at: datetime, state: str) -> None:
        """Whether versions show in the live deployment's row is a knob; a first publish always does."""
        if self.settings["version_touches_deployment"] or deployment.active_version_id is None:
            deployment.updated_at = at
            if deployment.state != "stopped" or state == "failed":
                deployment.state = state

    # -- the live pointer

    def activate(self, deployment: Deployment, version: Version, at: datetime) -> None:
        outgoing = self.world.live_version(deployment)
        if outgoing is not None and outgoing is not version and self.settings["archive_outgoing"]:
            outgoing.state = "archived"
            outgoing.archived_at = outgoing.updated_at = at
        version.promoted_at = version.updated_at = at
        if version.state == "archived" and self.settings["reactivated_state"] == "ready":
            version.state, version.archived_at = "ready", None
        deployment.active_version_id = version.id
        deployment.activations.append(version.id)
        deployment.kind = version.kind
        deployment.state, deployment.updated_at = "running", at
        deployment.error_message = None
        self.boot(deployment, version, at)
        self.tell("deployment.published", deployment, at, version)

    def boot(self, deployment: Deployment, version: Version, at: datetime) -> None:
        """Static files are switched at once; a dynamic version runs when a new instance is healthy."""
        self.halt(deployment, at)
        if version.kind == "static" or self.settings["step_times"] == "instant":
            deployment.running_artifact_sha256 = version.artifact_sha256
        if version.kind == "static":
            return
        instance = self.new_instance(deployment, version, at)
        deployment.instances.insert(0, instance)
        del deployment.instances[5:]
        if self.settings["step_times"] == "instant":
            self._instance_healthy(deployment, instance.id, at)
            return
        self.soon("instance_starting", deployment, instance.id, later(at, 0.5))
        self.soon("instance_healthy", deployment, instance.id, later(at, 2.0))

    def halt(self, deployment: Deployment, at: datetime) -> None:
        for instance in deployment.instances:
            if instance.state not in ("stopped", "error", "destroyed"):
                instance.state = instance.desired_state = "stopped"
                instance.stopped_at = instance.updated_at = at

    def new_instance(self, deployment: Deployment, version: Version, at: datetime) -> Instance:
        number = sum(version.id.encode()) % 200 + 20
        return Instance(
            id=self.world.ids.new("rti"),
            release_id=release_id(version),
            state="provisioning",
            desired_state="healthy",
            host_id=self.world.ids.new("host"),
            node_id=f"miosa-fra1-node-{number}",
            vm_id=self.world.ids.new("vm"),
            ip_address=f"10.40.{number}.17",
            port=version.runtime_port or 8080,
            health_check_path=version.health_check_path,
            restart_count=0,
            started_at=None,
            stopped_at=None,
            last_health_check_at=None,
            error_message=None,
            created_at=at,
            updated_at=at,
        )

    def _instance(self, deployment: Deployment, instance_id: str) -> Instance | None:
        return next((i for i in deployment.instances if i.id == instance_id and i.state != "stopped"), None)

    def _instance_starting(self, deployment: Deployment, instance_id: str, at: datetime) -> None:
        if instance := self._instance(deployment, instance_id):
            instance.state, instance.started_at, instance.updated_at = "starting", at, at

    def _instance_healthy(self, deployment: Deployment, instance_id: str, at: datetime) -> None:
        if instance := self._instance(deployment, instance_id):
            instance.state, instance.last_health_check_at, instance.updated_at = "healthy", at, at
            instance.started_at = instance.started_at or at
            live = self.world.live_version(deployment)
            deployment.running_artifact_sha256 = live.artifact_sha256 if live else None

    # -- builds of repositories

    def queue_build(self, deployment: Deployment, build: Build, now: datetime) -> None:
        waits, builds = self.steps()
        deployment.builds.append(build)
        deployment.current_build_id = build.id
        self.soon("build_started", deployment, build.id, later(now, waits))
        if builds != float("inf"):
            self.soon("build_finished", deployment, build.id, later(now, waits + builds))

    def _build(self, deployment: Deployment, build_id: str) -> Build:
        return next(build for build in deployment.builds if build.id == build_id)

    def _build_started(self, deployment: Deployment, build_id: str, at: datetime) -> None:
        build = self._build(deployment, build_id)
        build.state, build.started_at = "building", at

    def _build_finished(self, deployment: Deployment, build_id: str, at: datetime) -> None:
        build = self._build(deployment, build_id)
        build.finished_at = at
        failed = self.settings["build_outcome"] != "ready"
        build.state = "failed" if failed else "succeeded"
        build.error_message = "Build exited with status 2: type errors in src/pages/index.tsx" if failed else None
        build.image_digest = None if failed else f"sha256:{self.world.ids.sha256()}"

    # -- domains

    def _certificate(self, deployment: Deployment, domain_id: str, at: datetime) -> None:
        domain = next((domain for domain in deployment.domains if domain.id == domain_id), None)
        if domain is not None and domain.status in ("verified", "verifying"):
            self.secure(domain, at)

    def secure(self, domain: Domain, at: datetime) -> None:
        domain.status, domain.tls_issued_at, domain.updated_at = "active", at, at

    # -- telling subscribers

    def tell(
        self, name: str, deployment: Deployment, at: datetime, version: Version | None = None, **facts: Any
    ) -> None:
        by = version.by if version else deployment.by
        data: dict[str, Any] = {
            "id": deployment.id,
            "state": deployment.state,
            "external_workspace_id": by.workspace,
            "external_user_id": by.user,
            "external_project_id": by.project,
            "metadata": deployment.metadata,
            **facts,
        }
        if version:
            data |= {"version_id": version.id, "version_number": version.version_number}
        self.platform.hooks.announce(self.world, name, data, at)
