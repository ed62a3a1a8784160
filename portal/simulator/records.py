"""What the simulated platform stores, one record per noun. Everything nests below its deployment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field


class Attribution(Struct, kw_only=True, gc=False, frozen=True):
    workspace: str | None = None
    user: str | None = None
    project: str | None = None


class Workspace(Struct, kw_only=True):
    id: str
    name: str
    slug: str
    external_workspace_id: str | None
    description: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    project_id: str = ""
    created_at: datetime
    updated_at: datetime


class Sandbox(Struct, kw_only=True):
    id: str
    name: str
    slug: str
    state: str
    template_id: str
    workspace_id: str | None
    project_id: str | None
    by: Attribution
    created_at: datetime
    started_at: datetime | None = None
    destroyed_at: datetime | None = None
    tags: list[str] = field(default_factory=list)


class Version(Struct, kw_only=True, gc=False):
    """`failure` names the story its log tells; it never appears on the wire."""

    id: str
    deployment_id: str
    version_number: int
    kind: str
    state: str
    by: Attribution
    created_by: str | None
    source_sandbox_id: str | None
    build_id: str | None
    artifact_sha256: str | None
    files: int
    total_bytes: int
    entrypoint: str | None
    runtime_image: str | None = None
    runtime_command: str | None = None
    runtime_port: int | None = None
    health_check_path: str | None = None
    metadata: dict[str, Any] | None = None
    promoted_at: datetime | None = None
    archived_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    failure: str | None = None
    promote_when_ready: bool = False
    backup_id: str | None = None


class Build(Struct, kw_only=True):
    id: str
    deployment_id: str
    commit_sha: str | None
    commit_message: str | None
    triggered_by: str
    state: str
    by: Attribution
    started_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    image_digest: str | None = None
    error_message: str | None = None


class Instance(Struct, kw_only=True):
    id: str
    release_id: str
    state: str
    desired_state: str
    host_id: str
    node_id: str
    vm_id: str
    ip_address: str
    port: int
    health_check_path: str | None
    restart_count: int
    started_at: datetime | None
    stopped_at: datetime | None
    last_health_check_at: datetime | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime


class EnvVar(Struct, kw_only=True):
    """Values are not here: the world keeps them in memory only, so that no file ever holds one."""

    name: str
    preview: str
    environment: str
    is_secret: bool
    created_at: datetime
    updated_at: datetime


class Domain(Struct, kw_only=True):
    id: str
    domain: str
    status: str
    by: Attribution
    verification_target: str
    redirect_policy: str
    created_at: datetime
    updated_at: datetime
    verified_at: datetime | None = None
    tls_issued_at: datetime | None = None
    code: str | None = None
    error: str | None = None
    verify_calls: int = 0


class Deployment(Struct, kw_only=True):
    """`activations` is the history of the live pointer; `scenario` is a word for people who write tests."""

    id: str
    name: str
    slug: str
    state: str
    owner_id: str
    workspace_id: str
    project_id: str
    source_type: str
    by: Attribution
    created_at: datetime
    updated_at: datetime
    scenario: str = ""
    kind: str = "static"
    repo_url: str | None = None
    branch: str | None = "main"
    build_command: str | None = None
    run_command: str | None = None
    runtime_image: str | None = None
    auto_deploy: bool = True
    current_build_id: str | None = None
    active_version_id: str | None = None
    running_artifact_sha256: str | None = None
    custom_domain_id: str | None = None
    linked_database_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    error_message: str | None = None
    activations: list[str] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    builds: list[Build] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    env: list[EnvVar] = field(default_factory=list)
    domains: list[Domain] = field(default_factory=list)


class Event(Struct, kw_only=True):
    """Something that happens by itself once its time has come."""

    at: datetime
    kind: str
    deployment_id: str
    subject_id: str


class Webhook(Struct, kw_only=True):
    id: str
    url: str
    events: list[str]
    secret: str
    name: str | None
    active: bool
    retry_count: int
    created_at: datetime
    updated_at: datetime


class Delivery(Struct, kw_only=True):
    id: str
    webhook_id: str
    event_id: str
    event_type: str
    body: str
    status: str
    attempt_count: int
    next_retry_at: datetime | None
    response_status: int | None
    error: str | None
    created_at: datetime
    attempted_at: datetime | None = None
    duration_ms: int | None = None
