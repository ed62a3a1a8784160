"""Rows of versions into the table, each sorted to its customer, and filed in the timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from portal import miosa
from portal.models import Customer, Deployment, Version
from portal.services.remembering import attribution, customers, entries, texts


@dataclass(slots=True)
class Taken:
    """What a batch of rows changed. `known` counts rows that were remembered before."""

    known: int = 0
    changed: int = 0
    customer_ids: set[int] = field(default_factory=set)
    has_moved: bool = False

    def add(self, other: "Taken") -> None:
        self.known += other.known
        self.changed += other.changed
        self.customer_ids |= other.customer_ids
        self.has_moved = self.has_moved or other.has_moved


def remember(
    deployment: Deployment,
    rows: Sequence[miosa.Version],
    unreadable: Sequence[miosa.Unreadable] = (),
    *,
    now: datetime,
) -> Taken:
    """Take over version rows of one deployment, read just now. Rows of another deployment are left out."""
    facts = {row.id: _facts(row) for row in rows if row.deployment_id in {deployment.miosa_id, None, ""}}
    stated: dict[str, str | None | UnsetType] = {row.id: row.external_workspace_id for row in rows if row.id in facts}
    for broken in unreadable:
        if broken.id and broken.id not in facts:
            facts[broken.id] = {"is_readable": False}
            stated[broken.id] = broken.external_workspace_id or UNSET
    known = {
        version.miosa_id: version
        for version in Version.objects.filter(deployment=deployment, miosa_id__in=facts).select_related("customer")
    }
    whose = attribution.sort(deployment, stated, known=known, now=now)
    owners = {pk: customers.ensure(pk) for pk in {one.external_id for one in whose.values() if one.external_id}}
    taken = Taken()
    new, updated = [], []
    for version_id, told in facts.items():
        values = texts.fit(Version, told) | {
            "customer": owners.get(whose[version_id].external_id or ""),
            "attribution": whose[version_id].kind,
            "gone_at": None,
        }
        version = known.get(version_id)
        if version is None:
            new.append(Version(deployment=deployment, miosa_id=version_id, first_seen_at=now, **values))
        else:
            taken.known += 1
            if _merge(version, values, taken):
                updated.append(version)
    _write(new, updated)
    for version in (*new, *updated):
        taken.changed += 1
        taken.customer_ids.add(version.customer_id or 0)
    taken.customer_ids.discard(0)
    entries.file_versions(deployment, [*new, *updated])
    _note_publish(new)
    return taken


def mark_gone(deployment: Deployment, versions: Iterable[Version], *, now: datetime) -> int:
    """MIOSA no longer lists these versions of a deployment that was read whole."""
    pks = [version.pk for version in versions if version.gone_at is None]
    return Version.objects.filter(pk__in=pks).update(gone_at=now) if pks else 0


def _merge(version: Version, values: dict[str, Any], taken: Taken) -> bool:
    """Change what differs. Facts are frozen at creation, so a null never takes one away (contract 8.2)."""
    if not values.get("is_readable", True):
        # What was legible once stays so.
        values = {"gone_at": None}
    changed = False
    for name, value in values.items():
        old = getattr(version, name)
        if value == old or (value in (None, "") and name not in {"gone_at", "customer", "archived_at"}):
            continue
        if name == "archived_at" and value is None and values.get("state") == "archived":
            continue
        if name == "was_live" and not value:
            continue
        if name == "customer":
            taken.has_moved = True
            if version.customer_id:
                taken.customer_ids.add(version.customer_id)
        setattr(version, name, value)
        changed = changed or name != "updated_at"
    return changed


_COLUMNS = [
    field.name
    for field in Version._meta.concrete_fields
    if field.name not in {"id", "deployment", "miosa_id", "first_seen_at"}
]


def _write(new: list[Version], updated: list[Version]) -> None:
    Version.objects.bulk_create(new, batch_size=100)
    if updated:
        Version.objects.bulk_update(updated, _COLUMNS, batch_size=50)


def _note_publish(new: list[Version]) -> None:
    latest: dict[int, datetime] = {}
    for version in new:
        if version.customer_id and version.created_at:
            latest[version.customer_id] = max(version.created_at, latest.get(version.customer_id, version.created_at))
    for pk, at in latest.items():
        Customer.objects.filter(pk=pk).exclude(last_published_at__gte=at).update(last_published_at=at)


def _facts(row: miosa.Version) -> dict[str, Any]:
    return {
        "is_readable": True,
        "number": row.version_number,
        "kind": row.kind or "",
        "state": row.state or "",
        "created_by": row.created_by or "",
        "external_user_id": _text(row.external_user_id),
        "external_project_id": _text(row.external_project_id),
        "source_sandbox_id": row.source_sandbox_id or "",
        "build_id": row.build_id or "",
        "files": row.file_count,
        "total_bytes": row.total_bytes,
        "entrypoint": row.entrypoint or "",
        "artifact_sha256": row.artifact_sha256 or "",
        "source_sha256": row.source_sha256 or "",
        "runtime_image": row.runtime_image or "",
        "runtime_command": row.runtime_command or "",
        "runtime_port": row.runtime_port,
        "health_check_path": row.health_check_path or "",
        "was_live": bool(row.promoted_at) or row.state == "archived",
        "promoted_at": row.promoted_at,
        "archived_at": row.archived_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _text(value: str | None | UnsetType) -> str:
    return value if isinstance(value, str) else ""
