"""An outsider changes things behind the portal's back: publishes from elsewhere, rollbacks by hand, deletions.

Body: {"action": <action>, "deployment_id", …}. The answer is the touched object's row, and beside it `deployment`, and
`version` where there is one.

publish              external_workspace_id?, external_user_id?, sandbox_id?, promote? (true), kind?,
                     outcome? (ready, failed_build, failed_health), steps? (false: complete at once)
promote, rollback    version_id; nothing is checked but that it exists
delete_deployment, stop
delete_version       version_id; the row vanishes
reattribute          external_workspace_id (or null), version_id? (else the deployment itself)
move                 workspace_id
history              count: so many more versions, one a minute until now, the last of them live (100,000 take seconds)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from portal.simulator import publishing
from portal.simulator.calls import Call
from portal.simulator.errors import Refusal
from portal.simulator.lifecycle import FAILURES
from portal.simulator.records import Attribution, Deployment, Sandbox, Version

Answer = dict[str, Any]


class Acts:
    def __init__(self, call: Call, body: dict[str, Any]) -> None:
        self.call = call
        self.body = body
        self.deeds: dict[str, Callable[[Deployment], Answer]] = {
            "delete_deployment": self.delete_deployment,
            "delete_version": self.delete_version,
            "history": self.history,
            "move": self.move,
            "promote": self.activate,
            "publish": self.publish,
            "reattribute": self.reattribute,
            "rollback": self.activate,
            "stop": self.stop,
        }

    def perform(self) -> Answer:
        deed = self.deeds.get(str(self.body.get("action")))
        if deed is None:
            raise Refusal(400, f"unknown act; choices: {', '.join(self.deeds)}")
        deployment = self.call.world.deployments.get(str(self.body.get("deployment_id")))
        if deployment is None:
            raise Refusal(404, "no such deployment")
        self.call.world.revision += 1
        return deed(deployment)

    def _version(self, deployment: Deployment) -> Version:
        version = self.call.world.find_version(deployment, str(self.body.get("version_id")))
        if version is None:
            raise Refusal(404, "no such version of this deployment")
        return version

    def _answer(self, deployment: Deployment, version: Version | None = None, *, touched: str) -> Answer:
        answer: Answer = {"deployment": self.call.shapes.deployment(deployment)}
        if version is not None:
            answer["version"] = self.call.shapes.version(version)
        return {**answer[touched], **answer}

    def publish(self, deployment: Deployment) -> Answer:
        call, body = self.call, self.body
        by = call.attribution(body, deployment.by)
        if "external_workspace_id" in body and not body["external_workspace_id"]:  # null and empty are kept as they are
            by = Attribution(workspace=body["external_workspace_id"], user=by.user, project=by.project)
        sandbox = self._sandbox(by)
        version = publishing.new_version(call, deployment, sandbox, body, state="building", by=by)
        outcome = str(body.get("outcome", "ready"))
        if outcome not in ("ready", *FAILURES):
            raise Refusal(400, f"unknown outcome; choices: ready, {', '.join(FAILURES)}")
        version.failure = FAILURES.get(outcome)
        call.world.add_version(version)
        call.lifecycle.begin(deployment, version, call.now, at_once=not body.get("steps"))
        return self._answer(deployment, version, touched="version")

    def _sandbox(self, by: Attribution) -> Sandbox:
        world = self.call.world
        if wanted := self.body.get("sandbox_id"):
            return publishing.find_sandbox(self.call, str(wanted))
        found = next((s for s in world.newest_sandboxes(by.workspace) if s.state != "destroyed"), None)
        if found is not None:
            return found
        now = self.call.now
        sandbox = Sandbox(
            id=world.ids.new("sbx"), name="elsewhere", slug="elsewhere", state="running", template_id="static-site",
            workspace_id=None, project_id=None, by=by, created_at=now,
        )  # fmt: skip
        world.add_sandbox(sandbox)
        return sandbox

    def activate(self, deployment: Deployment) -> Answer:
        version = self._version(deployment)
        if version.id != deployment.active_version_id or deployment.state == "stopped":
            self.call.lifecycle.activate(deployment, version, self.call.now)
        return self._answer(deployment, version, touched="deployment")

    def delete_deployment(self, deployment: Deployment) -> Answer:
        self.call.world.remove_deployment(deployment)
        return self._answer(deployment, touched="deployment")

    def delete_version(self, deployment: Deployment) -> Answer:
        version = self._version(deployment)
        deployment.versions.remove(version)
        self.call.world.versions.pop(version.id)
        deployment.activations = [id_ for id_ in deployment.activations if id_ != version.id]
        if deployment.active_version_id == version.id:
            deployment.active_version_id = None
        return self._answer(deployment, version, touched="version")

    def stop(self, deployment: Deployment) -> Answer:
        self.call.lifecycle.halt(deployment, self.call.now)
        deployment.state, deployment.updated_at = "stopped", self.call.now
        return self._answer(deployment, touched="deployment")

    def reattribute(self, deployment: Deployment) -> Answer:
        external = self.body.get("external_workspace_id")
        if external is not None and not isinstance(external, str):
            raise Refusal(400, "external_workspace_id must be text or null")
        if self.body.get("version_id"):
            version = self._version(deployment)
            version.by = msgspec.structs.replace(version.by, workspace=external)
            return self._answer(deployment, version, touched="version")
        self.call.world.reattribute(deployment, external)
        deployment.by = msgspec.structs.replace(deployment.by, workspace=external)
        deployment.updated_at = self.call.now
        return self._answer(deployment, touched="deployment")

    def move(self, deployment: Deployment) -> Answer:
        workspace = self.call.world.workspaces.get(str(self.body.get("workspace_id")))
        if workspace is None:
            raise Refusal(404, "no such workspace")
        deployment.workspace_id, deployment.project_id = workspace.id, workspace.project_id
        deployment.updated_at = self.call.now
        return self._answer(deployment, touched="deployment")

    def history(self, deployment: Deployment) -> Answer:
        """Published one a minute until now, each replacing the one before; the last is live."""
        count = self.body.get("count")
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 1_000_000:
            raise Refusal(400, "count must be between 1 and 1000000")
        call = self.call
        sandbox = self._sandbox(deployment.by)
        outgoing = call.world.live_version(deployment)
        for index in range(count):
            at = call.now - timedelta(minutes=count - index - 1)
            version = publishing.new_version(call, deployment, sandbox, {}, state="ready", by=deployment.by)
            version.failure = None
            version.artifact_sha256 = call.world.ids.sha256()
            version.created_at = version.updated_at = version.promoted_at = at
            if outgoing is not None:
                outgoing.state, outgoing.archived_at = "archived", at
            outgoing = version
            call.world.add_version(version)
        call.lifecycle.activate(deployment, deployment.versions[-1], call.now)
        return self._answer(deployment, deployment.versions[-1], touched="deployment")
