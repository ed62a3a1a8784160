"""What the simulated platform stores, one record per noun (section 8). Everything nests below its deployment."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from portal.simulator.defaults import APEX_ADDRESSES, ARTIFACT_RETENTION, ENVIRONMENT

SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|PRIVATE|API_KEY", re.IGNORECASE)
SECOND_LEVEL = {"ac", "co", "com", "edu", "gov", "net", "org"}  # as in shop.co.uk


class Attribution(Struct, kw_only=True, gc=False, frozen=True):
    """The platform's own labels: external_workspace_id, external_user_id, external_project_id (section 7)."""

    workspace: str | None = None
    user: str | None = None
    project: str | None = None

    def or_else(self, fallback: Attribution) -> Attribution:
        return Attribution(
            workspace=self.workspace or fallback.workspace,
            user=self.user or fallback.user,
            project=self.project or fallback.project,
        )


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
    attribution: Attribution
    created_at: datetime
    started_at: datetime | None = None
    destroyed_at: datetime | None = None
    tags: list[str] = field(default_factory=list)


class Version(Struct, kw_only=True, gc=False):
    """`failure` selects the end of its log (`log_text.FAILURE_LOGS`); it is never part of an answer."""

    id: str
    deployment_id: str
    version_number: int
    kind: str
    state: str
    attribution: Attribution
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

    @property
    def release_id(self) -> str:
        return f"rel_{self.id.removeprefix('ver_')}"

    @property
    def artifact_uri(self) -> str:
        return f"s3://miosa-releases/{self.deployment_id}/{self.id}/dist.tar.zst"

    def is_collected(self, active_version_id: str | None, now: datetime) -> bool:
        """Whether its artifact is past retention; the live version keeps its artifact (section 11.4)."""
        return (
            self.archived_at is not None
            and self.id != active_version_id
            and self.archived_at + ARTIFACT_RETENTION < now
        )


class Build(Struct, kw_only=True):
    id: str
    deployment_id: str
    commit_sha: str | None
    commit_message: str | None
    triggered_by: str
    state: str
    attribution: Attribution
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
    """Without its value: the store keeps values in memory only, so that no file ever holds one."""

    name: str
    environment: str = ENVIRONMENT
    preview: str = ""
    is_secret: bool = False
    created_at: datetime
    updated_at: datetime

    def mask(self, value: str) -> None:
        """Sets the preview: dots for a secret or a short value, else a few characters (section 8.7)."""
        self.is_secret = SECRET_NAME.search(self.name) is not None
        if self.is_secret:
            self.preview = "••••••••"
        else:
            self.preview = f"{value[:3]}...{value[-3:]}" if len(value) > 8 else "•" * max(len(value), 1)


class Domain(Struct, kw_only=True):
    """Its states are those of section 9.4; `code` and `error` say why it failed."""

    id: str
    domain: str
    status: str
    attribution: Attribution
    verification_target: str
    redirect_policy: str
    created_at: datetime
    updated_at: datetime
    verified_at: datetime | None = None
    tls_issued_at: datetime | None = None
    code: str | None = None
    error: str | None = None
    verify_calls: int = 0

    def dns_records(self) -> list[dict[str, str]]:
        """A records for an apex, else a CNAME to the target (section 10.8)."""
        label = host_label(self.domain)
        if label == "@":
            return [{"type": "A", "name": "@", "value": address} for address in APEX_ADDRESSES]
        return [{"type": "CNAME", "name": label, "value": self.verification_target}]

    def set_failed(self, code: str) -> None:
        errors = {
            "CNAME_MISMATCH": f"CNAME of {self.domain} does not point at {self.verification_target}",
            "DNS_LOOKUP_FAILED": f"could not look up {self.domain}",
        }
        self.status, self.code, self.error = "failed", code, errors[code]

    def set_verified(self, now: datetime) -> None:
        self.status, self.verified_at, self.code, self.error = "verified", now, None, None

    def set_active(self, now: datetime) -> None:
        self.status, self.tls_issued_at, self.updated_at = "active", now, now


class Deployment(Struct, kw_only=True):
    """`activations` lists the ids that were live, oldest first; `scenario` names what the seed made it to show."""

    id: str
    name: str
    slug: str
    state: str
    owner_id: str
    workspace_id: str
    project_id: str
    source_type: str
    attribution: Attribution
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

    def find_build(self, build_id: str) -> Build | None:
        return next((build for build in self.builds if build.id == build_id), None)

    def find_instance(self, instance_id: str) -> Instance | None:
        return next((instance for instance in self.instances if instance.id == instance_id), None)

    def find_domain(self, domain_id: str) -> Domain | None:
        return next((domain for domain in self.domains if domain.id == domain_id), None)

    def find_env(self, name: str, environment: str) -> EnvVar | None:
        return next((var for var in self.env if (var.name, var.environment) == (name, environment)), None)

    def find_release(self, release_id: str) -> Version | None:
        """The version that points at this release; each version has one of its own."""
        return next((version for version in self.versions if version.release_id == release_id), None)


class Event(Struct, kw_only=True):
    """A state change that is due at a moment of simulated time."""

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


def host_label(name: str) -> str:
    """The part before the registered domain; @ for the registered domain itself."""
    parts = name.split(".")
    zone = 3 if len(parts) > 2 and parts[-2] in SECOND_LEVEL and len(parts[-1]) == 2 else 2
    return ".".join(parts[:-zone]) or "@"
