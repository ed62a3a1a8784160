from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, field

from portal.miosa.types.base import Count, External, Facts, Id, Number, Row


class RuntimeInstance(Row, frozen=True, kw_only=True):
    """One running copy of a dynamic version. Its host and address are not kept: nobody may see them."""

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
    metadata: Facts = field(default_factory=dict)
    external_workspace_id: External = UNSET
    external_user_id: External = UNSET
    external_project_id: External = UNSET
    created_at: datetime | None = None
    updated_at: datetime | None = None
