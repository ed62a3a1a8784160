"""State changes over time (section 9): versions are built, instances start, certificates are issued.

Nothing runs in the background: each request first applies every change that is due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from typing import Any, NamedTuple

from portal.simulator.defaults import PORT
from portal.simulator.knobs import Settings
from portal.simulator.records import Build, Deployment, Event, Instance, Version
from portal.simulator.store import Store
from portal.simulator.webhook_delivery import WebhookEvent, WebhookSender


class StepTimes(NamedTuple):
    """Seconds that a version spends in each state."""

    created: float
    building: float


# by the knob `step_times`
STEP_TIMES = {
    "default": StepTimes(0.2, 2.0),
    "instant": StepTimes(0.0, 0.0),
    "slow": StepTimes(2.0, 30.0),
    "stuck": StepTimes(0.2, inf),
}
# by the knob `build_outcome`: a key of log_text.FAILURE_LOGS
FAILURES = {"failed_build": "build:typescript", "failed_health": "health:status_500"}
BUILD_ERROR = "Build exited with status 2: type errors in src/pages/index.tsx"
INSTANCE_STARTING_S = 0.5
INSTANCE_HEALTHY_S = 2.0
CERTIFICATE_S = 3.0
MAX_INSTANCES = 5
FINAL_INSTANCE_STATES = ("stopped", "error", "destroyed")


class Lifecycle:
    """The state machines over one tenant's store."""

    def __init__(self, store: Store, settings: Settings, webhooks: WebhookSender) -> None:
        self.store = store
        self.settings = settings
        self.webhooks = webhooks

    def catch_up(self, now: datetime) -> None:
        """Applies every change that is due, in order."""
        while (event := self.store.pop_due(now)) is not None:
            deployment = self.store.deployments.get(event.deployment_id)
            if deployment is not None:
                self._apply(event, deployment)
                self.store.revision += 1

    def _apply(self, event: Event, deployment: Deployment) -> None:
        changes: dict[str, Callable[[Deployment, str, datetime], None]] = {
            "version_building": self._version_building,
            "version_built": self._version_built,
            "build_started": self._build_started,
            "build_finished": self._build_finished,
            "instance_starting": self._instance_starting,
            "instance_healthy": self._instance_healthy,
            "certificate": self._certificate_issued,
        }
        changes[event.kind](deployment, event.subject_id, event.at)

    def schedule(self, kind: str, deployment: Deployment, subject_id: str, at: datetime) -> None:
        self.store.schedule(Event(at=at, kind=kind, deployment_id=deployment.id, subject_id=subject_id))

    @property
    def step_times(self) -> StepTimes:
        return STEP_TIMES[str(self.settings["step_times"])]

    # -- versions

    def start_build(self, deployment: Deployment, version: Version, now: datetime, *, at_once: bool) -> None:
        """Starts to build a version that has just been added; `at_once` also finishes it."""
        steps = self.step_times
        self.announce("deployment.build_started", deployment, now, version)
        if at_once or steps.building == 0:
            self._show_in_deployment(deployment, now, "building")
            self._version_built(deployment, version.id, now)
            return
        if version.state == "created":
            now += timedelta(seconds=steps.created)
            self.schedule("version_building", deployment, version.id, now)
        self._show_in_deployment(deployment, now, "building")
        if steps.building != inf:
            self.schedule("version_built", deployment, version.id, now + timedelta(seconds=steps.building))

    def _version_building(self, deployment: Deployment, version_id: str, at: datetime) -> None:
        version = self.store.versions[version_id]
        version.state, version.updated_at = "building", at

    def _version_built(self, deployment: Deployment, version_id: str, at: datetime) -> None:
        version = self.store.versions[version_id]
        version.updated_at = at
        if version.failure is None or version.failure.startswith("health"):
            version.artifact_sha256 = self.store.ids.sha256()
        if version.failure:
            version.state = "failed"
            self._show_in_deployment(deployment, at, "running" if deployment.active_version_id else "failed")
            self.announce("deployment.build_failed", deployment, at, version, error=version.failure)
            return
        version.state = "ready"
        self.announce("deployment.build_succeeded", deployment, at, version)
        if version.promote_when_ready:
            self.activate(deployment, version, at)
        else:
            self._show_in_deployment(deployment, at, "running" if deployment.active_version_id else "pending")

    def _show_in_deployment(self, deployment: Deployment, at: datetime, state: str) -> None:
        """A first publish always changes the deployment's row, a later one by knob."""
        if self.settings["version_touches_deployment"] or deployment.active_version_id is None:
            deployment.updated_at = at
            if deployment.state != "stopped" or state == "failed":
                deployment.state = state

    # -- the live version

    def activate(self, deployment: Deployment, version: Version, at: datetime) -> None:
        """Makes this version live (sections 11.2 and 11.3)."""
        outgoing = self.store.find_live_version(deployment)
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
        self.start_instance(deployment, version, at)
        self.announce("deployment.published", deployment, at, version)

    def stop(self, deployment: Deployment, at: datetime) -> None:
        """Takes the deployment offline. Its live version stays selected."""
        self.stop_instances(deployment, at)
        deployment.state, deployment.updated_at = "stopped", at

    # -- instances

    def start_instance(self, deployment: Deployment, version: Version, at: datetime) -> None:
        """Static files are switched at once; a program is switched when its new instance is healthy."""
        self.stop_instances(deployment, at)
        is_instant = self.settings["step_times"] == "instant"
        if version.kind == "static" or is_instant:
            deployment.running_artifact_sha256 = version.artifact_sha256
        if version.kind == "static":
            return
        instance = self._create_instance(version, at)
        deployment.instances.insert(0, instance)
        del deployment.instances[MAX_INSTANCES:]
        if is_instant:
            self._instance_healthy(deployment, instance.id, at)
            return
        self.schedule("instance_starting", deployment, instance.id, at + timedelta(seconds=INSTANCE_STARTING_S))
        self.schedule("instance_healthy", deployment, instance.id, at + timedelta(seconds=INSTANCE_HEALTHY_S))

    def stop_instances(self, deployment: Deployment, at: datetime) -> None:
        for instance in deployment.instances:
            if instance.state not in FINAL_INSTANCE_STATES:
                instance.state = instance.desired_state = "stopped"
                instance.stopped_at = instance.updated_at = at

    def _create_instance(self, version: Version, at: datetime) -> Instance:
        number = sum(version.id.encode()) % 200 + 20
        return Instance(
            id=self.store.ids.new("rti"),
            release_id=version.release_id,
            state="provisioning",
            desired_state="healthy",
            host_id=self.store.ids.new("host"),
            node_id=node_id(number),
            vm_id=self.store.ids.new("vm"),
            ip_address=node_address(number),
            port=version.runtime_port or PORT,
            health_check_path=version.health_check_path,
            restart_count=0,
            started_at=None,
            stopped_at=None,
            last_health_check_at=None,
            error_message=None,
            created_at=at,
            updated_at=at,
        )

    def _instance_starting(self, deployment: Deployment, instance_id: str, at: datetime) -> None:
        instance = deployment.find_instance(instance_id)
        if instance and instance.state != "stopped":
            instance.state, instance.started_at, instance.updated_at = "starting", at, at

    def _instance_healthy(self, deployment: Deployment, instance_id: str, at: datetime) -> None:
        instance = deployment.find_instance(instance_id)
        if instance and instance.state != "stopped":
            instance.state, instance.last_health_check_at, instance.updated_at = "healthy", at, at
            instance.started_at = instance.started_at or at
            live = self.store.find_live_version(deployment)
            deployment.running_artifact_sha256 = live.artifact_sha256 if live else None

    # -- builds of repositories

    def queue_build(self, deployment: Deployment, build: Build, now: datetime) -> None:
        steps = self.step_times
        deployment.builds.append(build)
        deployment.current_build_id = build.id
        starts_at = now + timedelta(seconds=steps.created)
        self.schedule("build_started", deployment, build.id, starts_at)
        if steps.building != inf:
            self.schedule("build_finished", deployment, build.id, starts_at + timedelta(seconds=steps.building))

    def _build_started(self, deployment: Deployment, build_id: str, at: datetime) -> None:
        if build := deployment.find_build(build_id):
            build.state, build.started_at = "building", at

    def _build_finished(self, deployment: Deployment, build_id: str, at: datetime) -> None:
        if build := deployment.find_build(build_id):
            is_failed = self.settings["build_outcome"] != "ready"
            build.finished_at = at
            build.state = "failed" if is_failed else "succeeded"
            build.error_message = BUILD_ERROR if is_failed else None
            build.image_digest = None if is_failed else f"sha256:{self.store.ids.sha256()}"

    # -- domains

    def schedule_certificate(self, deployment: Deployment, domain_id: str, now: datetime) -> None:
        self.schedule("certificate", deployment, domain_id, now + timedelta(seconds=CERTIFICATE_S))

    def _certificate_issued(self, deployment: Deployment, domain_id: str, at: datetime) -> None:
        domain = deployment.find_domain(domain_id)
        if domain is not None and domain.status in ("verified", "verifying"):
            domain.set_active(at)

    # -- webhooks

    def announce(
        self, event_type: str, deployment: Deployment, at: datetime, version: Version | None = None, **facts: Any
    ) -> None:
        """Sends a webhook event with the payload of section 13.3."""
        attribution = version.attribution if version else deployment.attribution
        data: dict[str, Any] = {
            "id": deployment.id,
            "state": deployment.state,
            "external_workspace_id": attribution.workspace,
            "external_user_id": attribution.user,
            "external_project_id": attribution.project,
            "metadata": deployment.metadata,
            **facts,
        }
        if version:
            data |= {"version_id": version.id, "version_number": version.version_number}
        self.webhooks.announce(self.store, WebhookEvent(event_type, data, at))


def node_id(number: int) -> str:
    return f"miosa-fra1-node-{number}"


def node_address(number: int) -> str:
    return f"10.40.{number}.17"
