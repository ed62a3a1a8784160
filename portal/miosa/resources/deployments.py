from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Unpack

from portal.miosa import responses
from portal.miosa.deadline import PUBLISH_DEADLINE_S
from portal.miosa.errors import NotFound
from portal.miosa.logs import ACCEPT_JSON, LogText
from portal.miosa.messages import Endpoint, Request, Secret
from portal.miosa.resources.base import Attribution, Resource, without_none
from portal.miosa.responses import Changed, Format, Published
from portal.miosa.types import Deployment, Page


class DeploymentFilters(Attribution, total=False):
    project_id: str | None
    workspace_id: str | None
    state: str | None


class NewDeployment(Attribution, total=False):
    """Optional fields of a new deployment (miosa-api.md 10.2)."""

    project_id: str | None
    source_type: str | None
    repo_url: str | None
    branch: str | None
    build_command: str | None
    run_command: str | None
    auto_deploy: bool | None
    metadata: Mapping[str, Any] | None


class DeploymentChanges(Attribution, total=False):
    """None clears a field; a field left out stays as it is."""

    name: str
    slug: str
    branch: str | None
    build_command: str | None
    run_command: str | None
    auto_deploy: bool
    metadata: Mapping[str, Any]


class PublishOptions(Attribution, total=False):
    """Optional fields of a publish (miosa-api.md 10.3)."""

    kind: str | None
    environment: str | None
    output_path: str | None
    entrypoint: str | None
    promote: bool | None
    build_command: str | None
    run_command: str | None
    port: int | None
    health_check_path: str | None
    data_services: Sequence[Any] | Mapping[str, Any] | None
    source_snapshot_path: str | None


class BridgeOptions(PublishOptions, total=False):
    """Which deployment to publish to: an existing one, or a new one with a name."""

    deployment_id: str | None
    name: str | None


class Deployments(Resource[Deployment]):
    format = Format(Deployment, ("deployment",), ("deployments",))

    def list(
        self, *, limit: int | None = 100, page_token: str | None = None, **filters: Unpack[DeploymentFilters]
    ) -> Page[Deployment]:
        """One page of deployments (miosa-api.md 10.1)."""
        return self._list(Endpoint("/deployments"), filters, limit, page_token)

    def pages(self, *, limit: int | None = 100, **filters: Unpack[DeploymentFilters]) -> Iterator[Page[Deployment]]:
        """All pages of deployments (miosa-api.md 10.1)."""
        return self._pages(Endpoint("/deployments"), filters, limit)

    def get(self, deployment_id: str) -> Deployment:
        """A deployment (miosa-api.md 10.1)."""
        return self._get(Endpoint("/deployments/{id}", id=deployment_id))

    def logs(self, deployment_id: str, *, lines: int | None = None) -> LogText:
        """The last `lines` of its log (miosa-api.md 10.9)."""
        endpoint = Endpoint("/deployments/{id}/logs", id=deployment_id)
        return self._log(endpoint, {"lines": lines}, accept=ACCEPT_JSON)

    def create(self, *, name: str, idempotency_key: str, **fields: Unpack[NewDeployment]) -> Changed:
        """Create a deployment (miosa-api.md 10.1, 10.2), below its project if one is given.

        A webhook secret in the answer is dropped.
        """
        body = Secret.json({"name": name, **without_none(fields)})
        request = Request("POST", Endpoint("/deployments"), body=body, idempotency_key=idempotency_key)
        project_id = fields.get("project_id")
        if project_id is None:
            return self._change(request)
        below_project = Endpoint("/projects/{project_id}/deployments", project_id=project_id)
        try:
            return self._change(Request("POST", below_project, body=body, idempotency_key=idempotency_key))
        except NotFound:
            return self._change(request)  # not every MIOSA has the first path, and nothing was created there

    def update(self, deployment_id: str, *, idempotency_key: str, **changes: Unpack[DeploymentChanges]) -> Changed:
        """Change fields of a deployment (miosa-api.md 10.1). A new slug retires the old address."""
        endpoint = Endpoint("/deployments/{id}", id=deployment_id)
        return self._change(Request("PATCH", endpoint, body=Secret.json(changes), idempotency_key=idempotency_key))

    def delete(self, deployment_id: str, *, idempotency_key: str) -> Changed:
        """Delete a deployment with its whole history (miosa-api.md 10.1)."""
        endpoint = Endpoint("/deployments/{id}", id=deployment_id)
        return self._change(Request("DELETE", endpoint, idempotency_key=idempotency_key))

    def stop(self, deployment_id: str, *, idempotency_key: str) -> Changed:
        """Take a deployment offline (miosa-api.md 10.1)."""
        endpoint = Endpoint("/deployments/{id}/stop", id=deployment_id)
        return self._change(Request("POST", endpoint, idempotency_key=idempotency_key))

    def redeploy(self, deployment_id: str, *, idempotency_key: str) -> Changed:
        """Build or start a deployment again (miosa-api.md 10.1). The answer is a build or a deployment."""
        request = Request(
            "POST",
            Endpoint("/deployments/{id}/redeploy", id=deployment_id),
            body=Secret.json({}),
            idempotency_key=idempotency_key,
            deadline_s=PUBLISH_DEADLINE_S,
        )
        return self._change(request)

    def rollback(self, deployment_id: str, *, version_id: str, idempotency_key: str) -> Changed:
        """Make an older version live again (miosa-api.md 10.6, 11.3).

        Raises ValueError without a `version_id`: which version MIOSA takes as "the previous" is undefined.
        """
        if not version_id:
            raise ValueError("a rollback needs a version_id")
        endpoint = Endpoint("/deployments/{id}/rollback", id=deployment_id)
        body = Secret.json({"version_id": version_id})
        return self._change(Request("POST", endpoint, body=body, idempotency_key=idempotency_key))

    def publish(
        self, deployment_id: str, *, source_sandbox_id: str, idempotency_key: str, **options: Unpack[PublishOptions]
    ) -> Published:
        """Publish a sandbox as a new version (miosa-api.md 10.3, 11.1)."""
        request = Request(
            "POST",
            Endpoint("/deployments/{id}/publish", id=deployment_id),
            body=Secret.json({"source_sandbox_id": source_sandbox_id, **without_none(options)}),
            idempotency_key=idempotency_key,
            deadline_s=PUBLISH_DEADLINE_S,
        )
        return responses.parse_publish(self._session.request(request), deployment_id)

    def publish_from_sandbox(
        self, sandbox_id: str, *, idempotency_key: str, **options: Unpack[BridgeOptions]
    ) -> Published:
        """Publish a sandbox to a deployment, or to a new one with this name (miosa-api.md 10.3, the bridge).

        The oldest way to publish, which every MIOSA has.
        """
        request = Request(
            "POST",
            Endpoint("/sandboxes/{id}/deploy", id=sandbox_id),
            body=Secret.json({"source_sandbox_id": sandbox_id, **without_none(options)}),
            idempotency_key=idempotency_key,
            deadline_s=PUBLISH_DEADLINE_S,
        )
        return responses.parse_publish(self._session.request(request), options.get("deployment_id"))
