from __future__ import annotations

from collections.abc import Iterator

from portal.miosa.caller import Place
from portal.miosa.logs import LogText
from portal.miosa.noun import Listed, Noun, Query, given
from portal.miosa.types.base import Page
from portal.miosa.types.changes import Changed
from portal.miosa.types.deployments import Version


def _listed(deployment_id: str) -> Listed:
    return Listed(Version, ("versions",), {"deployment_id": deployment_id})


class Versions(Noun):
    def list(
        self,
        deployment_id: str,
        *,
        state: str | None = None,
        external_workspace_id: str | None = None,
        external_user_id: str | None = None,
        external_project_id: str | None = None,
        limit: int | None = 100,
        page_token: str | None = None,
    ) -> Page[Version]:
        query: Query = {
            "state": state,
            "external_workspace_id": external_workspace_id,
            "external_user_id": external_user_id,
            "external_project_id": external_project_id,
        }
        return self._page(_all(deployment_id), _listed(deployment_id), query, limit, page_token)

    def pages(
        self,
        deployment_id: str,
        *,
        state: str | None = None,
        external_workspace_id: str | None = None,
        external_user_id: str | None = None,
        external_project_id: str | None = None,
        limit: int | None = 100,
    ) -> Iterator[Page[Version]]:
        query: Query = {
            "state": state,
            "external_workspace_id": external_workspace_id,
            "external_user_id": external_user_id,
            "external_project_id": external_project_id,
        }
        return self._pages(_all(deployment_id), _listed(deployment_id), query, limit)

    def get(self, deployment_id: str, version_id: str) -> Version:
        return self._one(_each(deployment_id, version_id), Version, ("version",), {"deployment_id": deployment_id})

    def logs(self, deployment_id: str, version_id: str, *, stage: str | None = None) -> LogText:
        """`stage` is `build`, `runtime_install` or `runtime_start`."""
        return self._log(_each(deployment_id, version_id, "/logs"), given(stage=stage))

    def promote(
        self, deployment_id: str, version_id: str, *, environment: str | None = None, idempotency_key: str
    ) -> Changed:
        place = _each(deployment_id, version_id, "/promote")
        body = given(environment=environment) or None
        return self._change("POST", place, body=body, idempotency_key=idempotency_key)


def _all(deployment_id: str) -> Place:
    return Place("/deployments/{id}/versions", {"id": deployment_id})


def _each(deployment_id: str, version_id: str, rest: str = "") -> Place:
    return Place("/deployments/{id}/versions/{version_id}" + rest, {"id": deployment_id, "version_id": version_id})
