from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from portal.miosa.messages import Endpoint
from portal.miosa.resources.base import Attribution, Resource
from portal.miosa.responses import Format
from portal.miosa.types import Page, Sandbox, Tenant, Workspace


class SandboxFilters(Attribution, total=False):
    state: str | None


class Sandboxes(Resource[Sandbox]):
    """Where apps are edited, and what a publish takes its files from."""

    format = Format(Sandbox, ("sandbox",), ("sandboxes",))

    def list(
        self, *, limit: int | None = None, page_token: str | None = None, **filters: Unpack[SandboxFilters]
    ) -> Page[Sandbox]:
        """One page of sandboxes (miosa-api.md 10.12). No limit by default: no source says that they are paged."""
        return self._list(Endpoint("/sandboxes"), filters, limit, page_token)

    def pages(self, *, limit: int | None = None, **filters: Unpack[SandboxFilters]) -> Iterator[Page[Sandbox]]:
        """All pages of sandboxes (miosa-api.md 10.12)."""
        return self._pages(Endpoint("/sandboxes"), filters, limit)

    def get(self, sandbox_id: str) -> Sandbox:
        """A sandbox (miosa-api.md 10.12)."""
        return self._get(Endpoint("/sandboxes/{id}", id=sandbox_id))


class Workspaces(Resource[Workspace]):
    """MIOSA's own grouping, usually one for each customer, and a source of customers' names."""

    format = Format(Workspace, ("workspace",), ("workspaces",))

    def list(self, *, limit: int | None = 100, page_token: str | None = None) -> Page[Workspace]:
        """One page of workspaces (miosa-api.md 10.10)."""
        return self._list(Endpoint("/workspaces"), {}, limit, page_token)

    def pages(self, *, limit: int | None = 100) -> Iterator[Page[Workspace]]:
        """All pages of workspaces (miosa-api.md 10.10)."""
        return self._pages(Endpoint("/workspaces"), {}, limit)

    def get(self, workspace_id: str) -> Workspace:
        """A workspace (miosa-api.md 10.10)."""
        return self._get(Endpoint("/workspaces/{id}", id=workspace_id))


class Tenants(Resource[Tenant]):
    format = Format(Tenant, ("tenant",))

    def current(self) -> Tenant:
        """The organization that the API key belongs to (miosa-api.md 10.10)."""
        return self._get(Endpoint("/platform/tenants/current"))
