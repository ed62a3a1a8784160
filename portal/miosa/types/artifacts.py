"""What builds produce: builds and releases (miosa-api.md 8.3, 8.4)."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, field

from portal.miosa.types.base import Count, External, Id, JSONObject, Number, Row


class Release(Row, frozen=True, kw_only=True):
    """The artifact of a version. Where it is stored is dropped: no page shows it."""

    id: Id
    deployment_version_id: str | None = None
    deployment_id: str | None = None
    tenant_id: str | None = None
    kind: str | None = None
    state: str | None = None
    environment_id: str | None = None
    service_id: str | None = None
    source_sandbox_id: str | None = None
    build_id: str | None = None
    external_workspace_id: External = UNSET
    external_user_id: External = UNSET
    external_project_id: External = UNSET
    artifact_manifest: JSONObject = field(default_factory=dict)
    artifact_sha256: str | None = None
    sha256: str | None = None
    size_bytes: Count | None = None
    start_command: str | None = None
    port: Number | None = None
    health_check_path: str | None = None
    metadata: JSONObject = field(default_factory=dict)
    ready_at: datetime | None = None
    archived_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Build(Row, frozen=True, kw_only=True):
    """A build from a repository, with the only text on why it failed (`error_message`)."""

    id: Id
    deployment_id: str | None = None
    commit_sha: str | None = None
    commit_message: str | None = None
    triggered_by: str | None = None
    state: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_ms: Count | None = None
    image_digest: str | None = None
    error_message: str | None = None
    external_workspace_id: External = UNSET
    external_user_id: External = UNSET
    external_project_id: External = UNSET
    created_at: datetime | None = None
    updated_at: datetime | None = None
