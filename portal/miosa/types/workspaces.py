"""Sandboxes, workspaces and the tenant (miosa-api.md 8.10, 10.12)."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, field

from portal.miosa.types.base import External, Id, JSONObject, Row


class Sandbox(Row, frozen=True, kw_only=True):
    """Where an app is edited, and what a publish takes its files from."""

    id: Id
    name: str | None = None
    slug: str | None = None
    state: str = ""
    tenant_id: str | None = None
    workspace_id: str | None = None
    workspace_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    external_workspace_id: External = UNSET
    external_user_id: External = UNSET
    external_project_id: External = UNSET
    preview_url: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    destroyed_at: datetime | None = None


class Workspace(Row, frozen=True, kw_only=True):
    """MIOSA's own grouping, usually one for each customer."""

    id: Id
    name: str = ""
    slug: str | None = None
    tenant_id: str | None = None
    description: str | None = None
    metadata: JSONObject = field(default_factory=dict)
    external_workspace_id: External = UNSET
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Tenant(Row, frozen=True, kw_only=True):
    """The organization that the API key belongs to."""

    id: Id
    name: str | None = None
    slug: str | None = None
    plan: str | None = None
    created_at: datetime | None = None
