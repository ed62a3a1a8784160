from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from portal.miosa.logs import LogText
from portal.miosa.messages import Endpoint, Request, Secret
from portal.miosa.resources.base import Attribution, Resource
from portal.miosa.responses import Changed, Format
from portal.miosa.types import Page, Version

_ALL = "/deployments/{id}/versions"
_ONE = "/deployments/{id}/versions/{version_id}"


class VersionFilters(Attribution, total=False):
    state: str | None


class Versions(Resource[Version]):
    format = Format(Version, ("version",), ("versions",))

    def list(
        self,
        deployment_id: str,
        *,
        limit: int | None = 100,
        page_token: str | None = None,
        **filters: Unpack[VersionFilters],
    ) -> Page[Version]:
        """One page of a deployment's versions (miosa-api.md 10.4), in no order that is defined (3.3)."""
        return self._list(Endpoint(_ALL, id=deployment_id), filters, limit, page_token)

    def pages(
        self, deployment_id: str, *, limit: int | None = 100, **filters: Unpack[VersionFilters]
    ) -> Iterator[Page[Version]]:
        """All pages of a deployment's versions (miosa-api.md 10.4)."""
        return self._pages(Endpoint(_ALL, id=deployment_id), filters, limit)

    def get(self, deployment_id: str, version_id: str) -> Version:
        """A version (miosa-api.md 10.4)."""
        return self._get(Endpoint(_ONE, id=deployment_id, version_id=version_id))

    def logs(self, deployment_id: str, version_id: str, *, stage: str | None = None) -> LogText:
        """A version's log (miosa-api.md 10.4). `stage` is `build`, `runtime_install` or `runtime_start`."""
        return self._log(Endpoint(f"{_ONE}/logs", id=deployment_id, version_id=version_id), {"stage": stage})

    def promote(
        self, deployment_id: str, version_id: str, *, environment: str | None = None, idempotency_key: str
    ) -> Changed:
        """Make a ready version live (miosa-api.md 10.4, 11.2). Without an `environment` no body is sent."""
        endpoint = Endpoint(f"{_ONE}/promote", id=deployment_id, version_id=version_id)
        body = Secret.json({"environment": environment}) if environment is not None else None
        return self._change(Request("POST", endpoint, body=body, idempotency_key=idempotency_key))
