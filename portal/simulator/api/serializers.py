"""Rows as they appear in answers, one method per noun of section 8."""

from __future__ import annotations

from typing import Any

from portal.simulator.defaults import PRODUCT, SITES_PREFIX
from portal.simulator.knobs import Settings
from portal.simulator.records import Attribution, Build, Deployment, Instance, Sandbox, Version, Workspace
from portal.simulator.store import Store

Row = dict[str, Any]
GO_RUNTIME_STATES = {"provisioning": "pending", "error": "failed", "destroyed": "stopped"}  # section 8.5
BUILD_DURATION_MS = 8420


def attribution_keys(attribution: Attribution) -> Row:
    return {
        "external_workspace_id": attribution.workspace,
        "external_user_id": attribution.user,
        "external_project_id": attribution.project,
    }


def artifact_manifest(v: Version) -> Row:
    return {"files": v.files, "total_bytes": v.total_bytes, "entrypoint": v.entrypoint}


def build_log_uri(build_id: str | None) -> str:
    return f"s3://miosa-logs/builds/{build_id}/log.txt"


def log_path(i: Instance) -> str:
    return f"/var/lib/miosa/instances/{i.vm_id}/stdout.log"


class Serializer:
    """Serves one request: knows the knobs and the address under which the client reached the simulator."""

    def __init__(self, store: Store, settings: Settings, base_url: str) -> None:
        self.store = store
        self.settings = settings
        self.base_url = base_url

    def public_url(self, deployment: Deployment) -> str:
        return f"{self.base_url}{SITES_PREFIX}{deployment.slug}/"

    def metadata(self, value: Row | None) -> Row | None:
        return value or (None if self.settings["metadata"] == "null" else {})

    def deployment(self, d: Deployment) -> Row:
        """Section 8.1."""
        live = self.store.find_live_version(d)
        return {
            "id": d.id,
            "tenant_id": self.store.tenant_id,
            "owner_id": d.owner_id,
            "workspace_id": d.workspace_id,
            "project_id": d.project_id,
            "name": d.name,
            "slug": d.slug,
            "state": d.state,
            "source_type": d.source_type,
            "repo_url": d.repo_url,
            "repo_provider": "github" if d.repo_url else None,
            "branch": d.branch,
            "build_command": d.build_command,
            "run_command": d.run_command,
            "runtime_image": d.runtime_image,
            "auto_deploy": d.auto_deploy,
            "current_build_id": d.current_build_id,
            "active_version_id": d.active_version_id,
            "active_release_id": live.release_id if live else None,
            "running_artifact_sha256": d.running_artifact_sha256,
            "custom_domain_id": d.custom_domain_id,
            "linked_database_id": d.linked_database_id,
            "deployment_product": PRODUCT,
            "docker_deploy_host_id": None,
            "docker_deploy_app": None,
            "metadata": self.metadata(d.metadata),
            **attribution_keys(d.attribution),
            "public_url": self.public_url(d),
            "auto_subdomain": f"https://{d.slug}.{self.store.tenant_slug}.miosa.app",
            "error_message": d.error_message,
            "created_at": d.created_at,
            "updated_at": d.updated_at,
        }

    def deployment_after_change(self, d: Deployment) -> Row:
        """As answers to changes show it (section 8.9)."""
        row = self.deployment(d)
        if self.settings["mutation_answers"] == "reduced":
            return {key: row[key] for key in ("id", "active_version_id", "state", "public_url")}
        return row

    def version(self, v: Version) -> Row:
        """Section 8.2."""
        has_artifact = v.artifact_sha256 is not None
        return {
            "id": v.id,
            "deployment_id": v.deployment_id,
            "tenant_id": self.store.tenant_id,
            "created_by": v.created_by,
            **attribution_keys(v.attribution),
            "source_sandbox_id": v.source_sandbox_id,
            "build_id": v.build_id,
            "version_number": v.version_number,
            "kind": v.kind,
            "state": v.state,
            "artifact_uri": v.artifact_uri if has_artifact else None,
            "artifact_manifest": artifact_manifest(v) if has_artifact else self.metadata(None),
            "artifact_sha256": v.artifact_sha256,
            "runtime_image": v.runtime_image,
            "runtime_command": v.runtime_command,
            "runtime_port": v.runtime_port,
            "health_check_path": v.health_check_path,
            "build_log_uri": build_log_uri(v.build_id) if v.build_id else None,
            "metadata": self.metadata(v.metadata),
            "promoted_at": v.promoted_at,
            "archived_at": v.archived_at,
            "created_at": v.created_at,
            "updated_at": v.updated_at,
        }

    def version_in_list(self, v: Version) -> Row:
        """As lists show it: in full, or reduced by the knob `version_rows`."""
        row = self.version(v)
        if self.settings["version_rows"] == "reduced":
            for key in ("tenant_id", *attribution_keys(v.attribution)):
                del row[key]
        return row

    def version_after_change(self, v: Version) -> Row:
        """As answers to changes show it (section 8.9)."""
        row = self.version(v)
        if self.settings["mutation_answers"] == "reduced":
            return {key: row[key] for key in ("id", "version_number", "state")}
        return row

    def release(self, v: Version) -> Row:
        """Section 8.3."""
        return {
            "id": v.release_id,
            "deployment_version_id": v.id,
            "deployment_id": v.deployment_id,
            "tenant_id": self.store.tenant_id,
            "kind": "static" if v.kind == "static" else "oci",
            "state": v.state,
            **attribution_keys(v.attribution),
            "source_sandbox_id": v.source_sandbox_id,
            "build_id": v.build_id,
            "artifact_uri": v.artifact_uri,
            "artifact_sha256": v.artifact_sha256,
            "artifact_manifest": artifact_manifest(v),
            "storage_backend": "s3",
            "storage_uri": f"s3://miosa-releases/blobs/{v.artifact_sha256}",
            "sha256": v.artifact_sha256,
            "size_bytes": v.total_bytes,
            "start_command": v.runtime_command,
            "port": v.runtime_port,
            "health_check_path": v.health_check_path,
            "build_log_uri": build_log_uri(v.build_id),
            "metadata": {"build_duration_ms": BUILD_DURATION_MS},
            "ready_at": v.created_at if v.artifact_sha256 else None,
            "archived_at": v.archived_at,
            "created_at": v.created_at,
            "updated_at": v.updated_at,
        }

    def build(self, b: Build) -> Row:
        """Section 8.4."""
        duration = b.finished_at - b.started_at if b.finished_at and b.started_at else None
        return {
            "id": b.id,
            "deployment_id": b.deployment_id,
            "commit_sha": b.commit_sha,
            "commit_message": b.commit_message,
            "triggered_by": b.triggered_by,
            "state": b.state,
            "started_at": b.started_at,
            "finished_at": b.finished_at,
            "duration_ms": int(duration.total_seconds() * 1000) if duration is not None else None,
            "log_url": build_log_uri(b.id),
            "image_digest": b.image_digest,
            "error_message": b.error_message,
            **attribution_keys(b.attribution),
            "created_at": b.created_at,
        }

    def instance(self, d: Deployment, i: Instance) -> Row:
        """Section 8.5."""
        state = i.state
        if self.settings["runtime_states"] == "go":
            state = GO_RUNTIME_STATES.get(state, state)
        return {
            "id": i.id,
            "tenant_id": self.store.tenant_id,
            "deployment_id": d.id,
            "release_id": i.release_id,
            **attribution_keys(d.attribution),
            "host_id": i.host_id,
            "node_id": i.node_id,
            "vm_id": i.vm_id,
            "desired_state": i.desired_state,
            "state": state,
            "ip_address": i.ip_address,
            "port": i.port,
            "health_check_path": i.health_check_path,
            "last_health_check_at": i.last_health_check_at,
            "last_heartbeat_at": i.last_health_check_at,
            "started_at": i.started_at,
            "stopped_at": i.stopped_at,
            "error_message": i.error_message,
            "restart_count": i.restart_count,
            "cpu_limit_millicores": 500,
            "memory_limit_mb": 512,
            "runtime_log_path": log_path(i),
            "metadata": {},
            "created_at": i.created_at,
            "updated_at": i.updated_at,
        }

    def sandbox(self, s: Sandbox) -> Row:
        """Section 10.12."""
        workspace = self.store.workspaces.get(s.workspace_id or "")
        return {
            "id": s.id,
            "name": s.name,
            "slug": s.slug,
            "state": s.state,
            "template_id": s.template_id,
            "tenant_id": self.store.tenant_id,
            "workspace_id": s.workspace_id,
            "workspace_name": workspace.name if workspace else None,
            "project_id": s.project_id,
            **attribution_keys(s.attribution),
            "preview_url": f"https://{s.slug}.preview.miosa.app",
            "tags": s.tags,
            "metadata": {},
            "created_at": s.created_at,
            "started_at": s.started_at,
            "destroyed_at": s.destroyed_at,
        }

    def workspace(self, w: Workspace) -> Row:
        """Section 8.10."""
        return {
            "id": w.id,
            "tenant_id": self.store.tenant_id,
            "name": w.name,
            "slug": w.slug,
            "description": w.description,
            "metadata": w.metadata,
            "settings": {},
            "external_workspace_id": w.external_workspace_id,
            "created_at": w.created_at,
            "updated_at": w.updated_at,
        }

    def project(self, w: Workspace) -> Row:
        """Section 8.10. Each workspace has exactly one project."""
        return {
            "id": w.project_id,
            "tenant_id": self.store.tenant_id,
            "workspace_id": w.id,
            "external_workspace_id": w.external_workspace_id,
            "external_project_id": None,
            "name": "Default project",
            "slug": "default",
            "description": None,
            "metadata": {},
            "settings": {},
            "created_at": w.created_at,
            "updated_at": w.updated_at,
        }
