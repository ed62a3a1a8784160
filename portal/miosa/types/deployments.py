"""Deployments and their versions (miosa-api.md 8.1, 8.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from msgspec import UNSET, field

from portal.miosa.types.base import External, Id, JSONObject, Number, Row


class Deployment(Row, frozen=True, kw_only=True):
    """`active_version_id` is the only authority for what is live; UNSET in a reduced row without it."""

    essential: ClassVar[frozenset[str]] = frozenset(
        {"id", "tenant_id", "state", "active_version_id", "external_workspace_id"}
    )

    id: Id
    tenant_id: str | None = None
    name: str = ""
    slug: str = ""
    state: str = ""
    owner_id: str | None = None
    workspace_id: str | None = None
    project_id: str | None = None
    source_type: str | None = None
    repo_url: str | None = None
    repo_provider: str | None = None
    branch: str | None = None
    build_command: str | None = None
    run_command: str | None = None
    runtime_image: str | None = None
    auto_deploy: bool = True
    current_build_id: str | None = None
    active_version_id: External = UNSET
    active_release_id: str | None = None
    running_artifact_sha256: str | None = None
    custom_domain_id: str | None = None
    linked_database_id: str | None = None
    deployment_product: str | None = None
    metadata: JSONObject = field(default_factory=dict)
    external_workspace_id: External = UNSET
    external_user_id: External = UNSET
    external_project_id: External = UNSET
    public_url: str | None = None
    auto_subdomain: str | None = None
    error_message: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def normalize(cls, row: dict[str, Any]) -> dict[str, Any]:
        row = {**super().normalize(row)}
        if row.get("state") is None:
            row["state"] = ""
        if row.get("active_version_id") == "":
            row["active_version_id"] = None
        if row.get("error_message") is None:
            row["error_message"] = row.get("error") if isinstance(row.get("error"), str) else None
        return row


class Version(Row, frozen=True, kw_only=True):
    """One published state of a deployment. Where its artifact and log are stored is dropped: no page shows it."""

    essential: ClassVar[frozenset[str]] = frozenset(
        {"id", "deployment_id", "tenant_id", "version_number", "state", "external_workspace_id"}
    )
    required: ClassVar[frozenset[str]] = frozenset({"id", "deployment_id", "version_number"})

    id: Id
    deployment_id: Id
    version_number: Number
    tenant_id: str | None = None
    workspace_id: str | None = None
    project_id: str | None = None
    kind: str | None = None
    state: str = ""
    created_by: str | None = None
    source_sandbox_id: str | None = None
    build_id: str | None = None
    artifact_manifest: JSONObject = field(default_factory=dict)
    artifact_sha256: str | None = None
    source_sha256: str | None = None
    runtime_image: str | None = None
    runtime_command: str | None = None
    runtime_port: Number | None = None
    health_check_path: str | None = None
    metadata: JSONObject = field(default_factory=dict)
    external_workspace_id: External = UNSET
    external_user_id: External = UNSET
    external_project_id: External = UNSET
    promoted_at: datetime | None = None
    archived_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def normalize(cls, row: dict[str, Any]) -> dict[str, Any]:
        row = super().normalize(row)
        return {**row, "state": ""} if row.get("state") is None else row

    @property
    def file_count(self) -> int | None:
        return _to_count(self.artifact_manifest.get("files"))

    @property
    def total_bytes(self) -> int | None:
        return _to_count(self.artifact_manifest.get("total_bytes"))

    @property
    def entrypoint(self) -> str | None:
        value = self.artifact_manifest.get("entrypoint")
        return value if isinstance(value, str) else None


def _to_count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None
