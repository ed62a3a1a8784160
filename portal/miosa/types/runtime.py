"""What a running version has: instances and environment variables (miosa-api.md 8.5, 8.7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from msgspec import UNSET, field

from portal.miosa.types.base import Count, External, Id, JSONObject, Number, Row


class RuntimeInstance(Row, frozen=True, kw_only=True):
    """A running copy of a dynamic version. Its host and address are dropped: no page shows them."""

    id: Id
    tenant_id: str | None = None
    deployment_id: str | None = None
    environment_id: str | None = None
    service_id: str | None = None
    release_id: str | None = None
    state: str = ""
    desired_state: str | None = None
    port: Number | None = None
    health_check_path: str | None = None
    last_health_check_at: datetime | None = None
    last_heartbeat_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    error_message: str | None = None
    restart_count: Count | None = None
    cpu_limit_millicores: Count | None = None
    memory_limit_mb: Count | None = None
    metadata: JSONObject = field(default_factory=dict)
    external_workspace_id: External = UNSET
    external_user_id: External = UNSET
    external_project_id: External = UNSET
    created_at: datetime | None = None
    updated_at: datetime | None = None


class EnvVar(Row, frozen=True, kw_only=True):
    """A name and a mask. A value is dropped while parsing, even if MIOSA sends one (docs/rules.md, 7)."""

    essential: ClassVar[frozenset[str]] = frozenset({"name"})
    required: ClassVar[frozenset[str]] = frozenset({"name"})

    name: str
    preview: str | None = None
    environment: str | None = None
    is_secret: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def normalize(cls, row: dict[str, Any]) -> dict[str, Any]:
        row = {key: item for key, item in super().normalize(row).items() if key != "value"}
        if row.get("name") is None and row.get("key") is not None:
            row["name"] = row["key"]
        return row
