"""Changes made without the portal: published from elsewhere, rolled back by hand, deleted.

`POST /_control/actions` takes {"action": <name>, "deployment_id", …} and answers the changed object's row with two more
keys: `deployment`, and `version` if a version was involved.

publish              external_workspace_id?, external_user_id?, sandbox_id?, promote? (true), kind?,
                     outcome? (ready, failed_build, failed_health), steps? (false: completed at once)
promote, rollback    version_id; only its existence is checked
delete_deployment
stop
delete_version       version_id; the row is removed
reattribute          external_workspace_id (or null), version_id? (else the deployment itself)
move                 workspace_id
history              count: publishes so many versions, one a minute until now; the last is live (100,000 take seconds)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from portal.simulator.api.call import Call
from portal.simulator.api.publishing import create_version, get_usable_sandbox
from portal.simulator.defaults import TEMPLATE
from portal.simulator.errors import ApiError
from portal.simulator.lifecycle import FAILURES
from portal.simulator.records import Attribution, Deployment, Sandbox, Version

Answer = dict[str, Any]
MAX_HISTORY = 1_000_000


class ActionRunner:
    """The caller holds the state's lock."""

    def __init__(self, call: Call, body: dict[str, Any]) -> None:
        self.call = call
        self.store = call.store
        self.body = body
        self.actions: dict[str, Callable[[Deployment], Answer]] = {
            "delete_deployment": self.delete_deployment,
            "delete_version": self.delete_version,
            "history": self.publish_history,
            "move": self.move,
            "promote": self.activate,
            "publish": self.publish,
            "reattribute": self.reattribute,
            "rollback": self.activate,
            "stop": self.stop,
        }

    def run(self) -> Answer:
        """Raises ApiError 400 or 404."""
        action = self.actions.get(str(self.body.get("action")))
        if action is None:
            raise ApiError(400, f"unknown action; choices: {', '.join(self.actions)}")
        deployment = self.store.deployments.get(str(self.body.get("deployment_id")))
        if deployment is None:
            raise ApiError(404, "no such deployment")
        self.store.revision += 1
        return action(deployment)

    def publish(self, deployment: Deployment) -> Answer:
        call, body = self.call, self.body
        outcome = str(body.get("outcome", "ready"))
        if outcome not in ("ready", *FAILURES):
            raise ApiError(400, f"unknown outcome; choices: ready, {', '.join(FAILURES)}")
        attribution = self._attribution(deployment)
        version = create_version(call, deployment, self._find_or_create_sandbox(attribution), body, attribution)
        version.failure = FAILURES.get(outcome)
        self.store.add_version(version)
        call.lifecycle.start_build(deployment, version, call.now, at_once=not body.get("steps"))
        return self._answer_version(deployment, version)

    def activate(self, deployment: Deployment) -> Answer:
        version = self._get_version(deployment)
        if version.id != deployment.active_version_id or deployment.state == "stopped":
            self.call.lifecycle.activate(deployment, version, self.call.now)
        return self._answer_deployment(deployment, version)

    def delete_deployment(self, deployment: Deployment) -> Answer:
        self.store.remove_deployment(deployment)
        return self._answer_deployment(deployment)

    def delete_version(self, deployment: Deployment) -> Answer:
        version = self._get_version(deployment)
        deployment.versions.remove(version)
        self.store.versions.pop(version.id)
        deployment.activations = [id_ for id_ in deployment.activations if id_ != version.id]
        if deployment.active_version_id == version.id:
            deployment.active_version_id = None
        return self._answer_version(deployment, version)

    def stop(self, deployment: Deployment) -> Answer:
        self.call.lifecycle.stop(deployment, self.call.now)
        return self._answer_deployment(deployment)

    def reattribute(self, deployment: Deployment) -> Answer:
        external_id = self.body.get("external_workspace_id")
        if external_id is not None and not isinstance(external_id, str):
            raise ApiError(400, "external_workspace_id must be text or null")
        if self.body.get("version_id"):
            version = self._get_version(deployment)
            version.attribution = replace(version.attribution, workspace=external_id)
            return self._answer_version(deployment, version)
        self.store.reindex_deployment(deployment, external_id)
        deployment.attribution = replace(deployment.attribution, workspace=external_id)
        deployment.updated_at = self.call.now
        return self._answer_deployment(deployment)

    def move(self, deployment: Deployment) -> Answer:
        workspace = self.store.workspaces.get(str(self.body.get("workspace_id")))
        if workspace is None:
            raise ApiError(404, "no such workspace")
        deployment.workspace_id, deployment.project_id = workspace.id, workspace.project_id
        deployment.updated_at = self.call.now
        return self._answer_deployment(deployment)

    def publish_history(self, deployment: Deployment) -> Answer:
        """Each version is archived when the next replaces it."""
        count = self.body.get("count")
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MAX_HISTORY:
            raise ApiError(400, f"count must be between 1 and {MAX_HISTORY}")
        sandbox = self._find_or_create_sandbox(deployment.attribution)
        outgoing = self.store.find_live_version(deployment)
        for index in range(count):
            at = self.call.now - timedelta(minutes=count - index - 1)
            version = create_version(self.call, deployment, sandbox, {}, deployment.attribution)
            version.state, version.failure = "ready", None
            version.artifact_sha256 = self.store.ids.sha256()
            version.created_at = version.updated_at = version.promoted_at = at
            if outgoing is not None:
                outgoing.state, outgoing.archived_at = "archived", at
            outgoing = version
            self.store.add_version(version)
        self.call.lifecycle.activate(deployment, deployment.versions[-1], self.call.now)
        return self._answer_deployment(deployment, deployment.versions[-1])

    def _get_version(self, deployment: Deployment) -> Version:
        version = self.store.find_version(deployment, str(self.body.get("version_id")))
        if version is None:
            raise ApiError(404, "no such version of this deployment")
        return version

    def _attribution(self, deployment: Deployment) -> Attribution:
        """An empty or null external_workspace_id is kept as it is, unlike in a request to the API."""
        attribution = self.call.attribution(self.body, deployment.attribution)
        if "external_workspace_id" in self.body and not self.body["external_workspace_id"]:
            return replace(attribution, workspace=self.body["external_workspace_id"])
        return attribution

    def _find_or_create_sandbox(self, attribution: Attribution) -> Sandbox:
        """The requested one, else the customer's newest."""
        if sandbox_id := self.body.get("sandbox_id"):
            return get_usable_sandbox(self.call, str(sandbox_id))
        sandboxes = self.store.newest_sandboxes(attribution.workspace)
        found = next((sandbox for sandbox in sandboxes if sandbox.state != "destroyed"), None)
        if found is not None:
            return found
        sandbox = Sandbox(
            id=self.store.ids.new("sbx"),
            name="elsewhere",
            slug="elsewhere",
            state="running",
            template_id=TEMPLATE,
            workspace_id=None,
            project_id=None,
            attribution=attribution,
            created_at=self.call.now,
        )
        self.store.add_sandbox(sandbox)
        return sandbox

    def _answer_deployment(self, deployment: Deployment, version: Version | None = None) -> Answer:
        row = self.call.serializer.deployment(deployment)
        if version is None:
            return {**row, "deployment": row}
        return {**row, "deployment": row, "version": self.call.serializer.version(version)}

    def _answer_version(self, deployment: Deployment, version: Version) -> Answer:
        row = self.call.serializer.version(version)
        return {**row, "deployment": self.call.serializer.deployment(deployment), "version": row}
