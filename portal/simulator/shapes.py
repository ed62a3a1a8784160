"""Rows as they appear on the wire."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from portal.simulator.knobs import Settings
from portal.simulator.records import Attribution, Build, Deployment, Instance, Sandbox, Version, Workspace
from portal.simulator.world import World

Row = dict[str, Any]
RETENTION = timedelta(days=30)


def attribution(by: Attribution) -> Row:
    return {
        "external_workspace_id": by.workspace,
        "external_user_id": by.user,
        "external_project_id": by.project,
    }


def release_id(version: Version) -> str:
    return f"rel_{version.id.removeprefix('ver_')}"


def is_collected(version: Version, deployment: Deployment, now: datetime) -> bool:
    """Past retention its artifact is gone; what is live stays."""
    return (
        version.archived_at is not None
        and version.id != deployment.active_version_id
        and version.archived_at + RETENTION < now
    )


class Shapes:
    """Draws rows for one answer: knows the knobs and the address the question came to."""

    def __init__(self, world: World, settings: Settings, base_url: str) -> None:
        self.world = world
        self.settings = settings
        self.base_url = base_url

    def public_url(self, deployment: Deployment) -> str:
        return f"{self.base_url}/sites/{deployment.slug}/"

    def target_host(self, deployment: Deployment) -> str:
        return f"{deployment.slug}.{self.world.tenant_slug}.apps.example"

    def metadata(self, value: dict[str, Any] | None) -> dict[str, Any] | None:
        return value or (None if self.settings["metadata"] == "null" else {})

    def deployment(self, d: Deployment) -> Row:
        live = self.world.live_version(d)
        return {
            "id": d.id,
            "tenant_id": self.world.tenant_id,
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
            "active_release_id": release_id(live) if live else None,
            "running_artifact_sha256": d.running_artifact_sha256,
            "custom_domain_id": d.custom_domain_id,
            "linked_database_id": d.linked_database_id,
            "deployment_product": "miosa_deploy",
            "docker_deploy_host_id": None,
            "docker_deploy_app": None,
            "metadata": self.metadata(d.metadata),
            **attribution(d.by),
            "public_url": self.public_url(d),
            "auto_subdomain": f"https://{d.slug}.{self.world.tenant_slug}.miosa.app",
            "error_message": d.error_message,
            "created_at": d.created_at,
            "updated_at": d.updated_at,
        }

    def deployment_after_change(self, d: Deployment) -> Row:
        row = self.deployment(d)
        if self.settings["mutation_answers"] == "reduced":
            return {key: row[key] for key in ("id", "active_version_id", "state", "public_url")}
        return row

    def version(self, v: Version) -> Row:
        has_artifact = v.artifact_sha256 is not None
        manifest = {"files": v.files, "total_bytes": v.total_bytes, "entrypoint": v.entrypoint}
        return {
            "id": v.id,
            "deployment_id": v.deployment_id,
            "tenant_id": self.world.tenant_id,
            "created_by": v.created_by,
            **attribution(v.by),
            "source_sandbox_id": v.source_sandbox_id,
            "build_id": v.build_id,
            "version_number": v.version_number,
            "kind": v.kind,
            "state": v.state,
            "artifact_uri": f"s3://miosa-releases/{v.deployment_id}/{v.id}/dist.tar.zst" if has_artifact else None,
            "artifact_manifest": manifest if has_artifact else self.metadata(None),
            "artifact_sha256": v.artifact_sha256,
            "runtime_image": v.runtime_image,
            "runtime_command": v.runtime_command,
            "runtime_port": v.runtime_port,
            "health_check_path": v.health_check_path,
            "build_log_uri": f"s3://miosa-logs/builds/{v.build_id}/log.txt" if v.build_id else None,
            "metadata": self.metadata(v.metadata),
            "promoted_at": v.promoted_at,
            "archived_at": v.archived_at,
            "created_at": v.created_at,
            "updated_at": v.updated_at,
        }

    def version_in_list(self, v: Version) -> Row:
        row = self.version(v)
        if self.settings["version_rows"] == "reduced":
            for key in ("tenant_id", "external_workspace_id", "external_user_id", "external_project_id"):
                del row[key]
        return row

    def version_after_change(self, v: Version) -> Row:
        row = self.version(v)
        if self.settings["mutation_answers"] == "reduced":
            return {key: row[key] for key in ("id", "version_number", "state")}
        return row

    def release(self, v: Version) -> Row:
        kind = "static" if v.kind == "static" else "oci"
        ready = v.created_at if v.artifact_sha256 else None
        return {
            "id": release_id(v),
            "deployment_version_id": v.id,
            "deployment_id": v.deployment_id,
            "tenant_id": self.world.tenant_id,
            "kind": kind,
            "state": v.state,
            **attribution(v.by),
            "source_sandbox_id": v.source_sandbox_id,
            "build_id": v.build_id,
            "artifact_uri": f"s3://miosa-releases/{v.deployment_id}/{v.id}/dist.tar.zst",
            "artifact_sha256": v.artifact_sha256,
            "artifact_manifest": {"files": v.files, "total_bytes": v.total_bytes, "entrypoint": v.entrypoint},
            "storage_backend": "s3",
            "storage_uri": f"s3://miosa-releases/blobs/{v.artifact_sha256}",
            "sha256": v.artifact_sha256,
            "size_bytes": v.total_bytes,
            "start_command": v.runtime_command,
            "port": v.runtime_port,
            "health_check_path": v.health_check_path,
            "build_log_uri": f"s3://miosa-logs/builds/{v.build_id}/log.txt",
            "metadata": {"build_duration_ms": 8420},
            "ready_at": ready,
            "archived_at": v.archived_at,
            "created_at": v.created_at,
            "updated_at": v.updated_at,
        }

    def build(self, b: Build) -> Row:
        duration = (
            int((b.finished_at - b.started_at).total_seconds() * 1000) if b.finished_at and b.started_at else None
        )
        return {
            "id": b.id,
            "deployment_id": b.deployment_id,
            "commit_sha": b.commit_sha,
            "commit_message": b.commit_message,
            "triggered_by": b.triggered_by,
            "state": b.state,
            "started_at": b.started_at,
            "finished_at": b.finished_at,
            "duration_ms": duration,
            "log_url": f"s3://miosa-logs/builds/{b.id}/log.txt",
            "image_digest": b.image_digest,
            "error_message": b.error_message,
            **attribution(b.by),
            "created_at": b.created_at,
        }

    def instance(self, d: Deployment, i: Instance) -> Row:
        state = i.state
        if self.settings["runtime_states"] == "go":
            state = {"provisioning": "pending", "error": "failed", "destroyed": "stopped"}.get(state, state)
        return {
            "id": i.id,
            "tenant_id": self.world.tenant_id,
            "deployment_id": d.id,
            "release_id": i.release_id,
            **attribution(d.by),
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
            "runtime_log_path": f"/var/lib/miosa/instances/{i.vm_id}/stdout.log",
            "metadata": {},
            "created_at": i.created_at,
            "updated_at": i.updated_at,
        }

    def sandbox(self, s: Sandbox) -> Row:
        workspace = self.world.workspaces.get(s.workspace_id or "")
        return {
            "id": s.id,
            "name": s.name,
            "slug": s.slug,
            "state": s.state,
            "template_id": s.template_id,
            "tenant_id": self.world.tenant_id,
            "workspace_id": s.workspace_id,
            "workspace_name": workspace.name if workspace else None,
            "project_id": s.project_id,
            **attribution(s.by),
            "preview_url": f"https://{s.slug}.preview.miosa.app",
            "tags": s.tags,
            "metadata": {},
            "created_at": s.created_at,
            "started_at": s.started_at,
            "destroyed_at": s.destroyed_at,
        }

    def workspace(self, w: Workspace) -> Row:
        return {
            "id": w.id,
            "tenant_id": self.world.tenant_id,
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
        return {
            "id": w.project_id,
            "tenant_id": self.world.tenant_id,
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
