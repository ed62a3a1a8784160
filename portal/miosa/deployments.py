from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Unpack

from msgspec import UNSET, UnsetType

from portal.miosa import errors, publishing
from portal.miosa.caller import PUBLISH_S, Place
from portal.miosa.logs import ACCEPT_JSON, LogText
from portal.miosa.noun import Listed, Maybe, Noun, Query, given, said
from portal.miosa.types.base import Page
from portal.miosa.types.changes import Changed, Published
from portal.miosa.types.deployments import Deployment

_ALL = Place("/deployments")
_LISTED = Listed(Deployment, ("deployments",))


class Deployments(Noun):
    def list(
        self,
        *,
        external_workspace_id: str | None = None,
        external_user_id: str | None = None,
        external_project_id: str | None = None,
        project_id: str | None = None,
        workspace_id: str | None = None,
        state: str | None = None,
        limit: int | None = 100,
        page_token: str | None = None,
    ) -> Page[Deployment]:
        query: Query = {
            "external_workspace_id": external_workspace_id,
            "external_user_id": external_user_id,
            "external_project_id": external_project_id,
            "project_id": project_id,
            "workspace_id": workspace_id,
            "state": state,
        }
        return self._page(_ALL, _LISTED, query, limit, page_token)

    def pages(
        self,
        *,
        external_workspace_id: str | None = None,
        external_user_id: str | None = None,
        external_project_id: str | None = None,
        project_id: str | None = None,
        workspace_id: str | None = None,
        state: str | None = None,
        limit: int | None = 100,
    ) -> Iterator[Page[Deployment]]:
        query: Query = {
            "external_workspace_id": external_workspace_id,
            "external_user_id": external_user_id,
            "external_project_id": external_project_id,
            "project_id": project_id,
            "workspace_id": workspace_id,
            "state": state,
        }
        return self._pages(_ALL, _LISTED, query, limit)

    def get(self, deployment_id: str) -> Deployment:
        return self._one(_each(deployment_id), Deployment, ("deployment",))

    def logs(self, deployment_id: str, *, lines: int | None = None) -> LogText:
        return self._log(_each(deployment_id, "/logs"), {"lines": lines}, ACCEPT_JSON)

    def create(
        self,
        *,
        name: str,
        project_id: str | None = None,
        source_type: str | None = None,
        repo_url: str | None = None,
        branch: str | None = None,
        build_command: str | None = None,
        run_command: str | None = None,
        auto_deploy: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
        external_workspace_id: str | None = None,
        external_user_id: str | None = None,
        external_project_id: str | None = None,
        idempotency_key: str,
    ) -> Changed:
        """Below the project where one is given. A secret for webhooks in the answer is dropped."""
        body = given(
            name=name,
            project_id=project_id,
            source_type=source_type,
            repo_url=repo_url,
            branch=branch,
            build_command=build_command,
            run_command=run_command,
            auto_deploy=auto_deploy,
            metadata=metadata,
            external_workspace_id=external_workspace_id,
            external_user_id=external_user_id,
            external_project_id=external_project_id,
        )
        if project_id is not None:
            place = Place("/projects/{project_id}/deployments", {"project_id": project_id})
            try:
                return self._change("POST", place, body=body, idempotency_key=idempotency_key)
            except errors.NotFound:
                pass  # not every MIOSA has this path; nothing was created
        return self._change("POST", _ALL, body=body, idempotency_key=idempotency_key)

    def update(
        self,
        deployment_id: str,
        *,
        name: str | UnsetType = UNSET,
        slug: str | UnsetType = UNSET,
        branch: Maybe = UNSET,
        build_command: Maybe = UNSET,
        run_command: Maybe = UNSET,
        auto_deploy: bool | UnsetType = UNSET,
        metadata: Mapping[str, Any] | UnsetType = UNSET,
        external_workspace_id: Maybe = UNSET,
        external_user_id: Maybe = UNSET,
        external_project_id: Maybe = UNSET,
        idempotency_key: str,
    ) -> Changed:
        """None clears a field, UNSET leaves it. A new slug retires the old address."""
        body = said(
            name=name,
            slug=slug,
            branch=branch,
            build_command=build_command,
            run_command=run_command,
            auto_deploy=auto_deploy,
            metadata=metadata,
            external_workspace_id=external_workspace_id,
            external_user_id=external_user_id,
            external_project_id=external_project_id,
        )
        return self._change("PATCH", _each(deployment_id), body=body, idempotency_key=idempotency_key)

    def delete(self, deployment_id: str, *, idempotency_key: str) -> Changed:
        """Takes its history with it."""
        return self._change("DELETE", _each(deployment_id), idempotency_key=idempotency_key)

    def stop(self, deployment_id: str, *, idempotency_key: str) -> Changed:
        return self._change("POST", _each(deployment_id, "/stop"), idempotency_key=idempotency_key)

    def redeploy(self, deployment_id: str, *, idempotency_key: str) -> Changed:
        """Answers a build or a deployment."""
        place = _each(deployment_id, "/redeploy")
        return self._change("POST", place, body={}, idempotency_key=idempotency_key, deadline_s=PUBLISH_S)

    def rollback(self, deployment_id: str, *, version_id: str, idempotency_key: str) -> Changed:
        """The target is always named: which one is "the previous" nobody has defined."""
        if not version_id:
            raise ValueError("a rollback names its version")
        place = _each(deployment_id, "/rollback")
        return self._change("POST", place, body={"version_id": version_id}, idempotency_key=idempotency_key)

    def publish(
        self,
        deployment_id: str,
        *,
        source_sandbox_id: str,
        idempotency_key: str,
        **options: Unpack[publishing.Options],
    ) -> Published:
        body = publishing.publish_body(source_sandbox_id, options)
        place = _each(deployment_id, "/publish")
        answer = self._caller.change("POST", place, body=body, idempotency_key=idempotency_key, deadline_s=PUBLISH_S)
        return publishing.read_published(answer, deployment_id=deployment_id)

    def publish_from_sandbox(
        self,
        sandbox_id: str,
        *,
        name: str | None = None,
        deployment_id: str | None = None,
        idempotency_key: str,
        **options: Unpack[publishing.Options],
    ) -> Published:
        """Into the deployment given, or a new one of this name. The oldest way to publish, which works everywhere."""
        body = {**publishing.publish_body(sandbox_id, options), **given(name=name, deployment_id=deployment_id)}
        place = Place("/sandboxes/{id}/deploy", {"id": sandbox_id})
        answer = self._caller.change("POST", place, body=body, idempotency_key=idempotency_key, deadline_s=PUBLISH_S)
        return publishing.read_published(answer, deployment_id=deployment_id)


def _each(deployment_id: str, rest: str = "") -> Place:
    return Place("/deployments/{id}" + rest, {"id": deployment_id})
