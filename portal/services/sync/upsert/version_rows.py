"""Stores versions, each with its customer, and their entries in the timeline."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from msgspec import UNSET, UnsetType

from portal import miosa
from portal.models import Connection, Customer, Deployment, Version
from portal.models.versions import UNFINISHED, get_created_at
from portal.services import clean_text
from portal.services.sync.upsert import (
    attribution,
    authors,
    customer_links,
    customer_rows,
    timeline_entries,
    version_notes,
    version_times,
)
from portal.services.sync.upsert.attribution import Stated

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class VersionChanges:
    """What storing rows changed. `known_ids`: those stored before; `customer_ids` includes Unassigned.

    `moved`: versions that belong to another customer than before.
    """

    known_ids: set[str] = field(default_factory=set)
    changed: int = 0
    customer_ids: set[int] = field(default_factory=set)
    moved: list[Version] = field(default_factory=list)

    def add(self, other: "VersionChanges") -> None:
        self.known_ids |= other.known_ids
        self.changed += other.changed
        self.customer_ids |= other.customer_ids
        self.moved += other.moved


def upsert_versions(
    deployment: Deployment,
    rows: Sequence[miosa.Version],
    unreadable: Sequence[miosa.Unreadable] = (),
    *,
    now: datetime,
    is_single: bool = False,
    tenant_id: str | None = None,
) -> VersionChanges:
    """Store version rows of one deployment, as read at `now`. `is_single`: requested by its id.

    `tenant_id`: ours, if the caller knows it; empty while it is not known yet.
    """
    facts = {row.id: _facts(row) for row in _list_accepted(deployment, rows, tenant_id)}
    stated = {row.id: row.external_workspace_id for row in rows if row.id in facts}
    for broken in unreadable:
        if broken.id and broken.id not in facts:
            facts[broken.id] = {"is_readable": False}
            stated[broken.id] = broken.external_workspace_id or UNSET
    with transaction.atomic(savepoint=False):
        return _store(deployment, facts, stated, now=now, is_single=is_single)


def _list_accepted(deployment: Deployment, rows: Sequence[miosa.Version], tenant_id: str | None) -> list[miosa.Version]:
    """The rows that are versions of this deployment and of our tenant."""
    ours = Connection.only().tenant_id if tenant_id is None else tenant_id
    accepted = [
        row
        for row in rows
        if row.deployment_id == deployment.miosa_id and (not ours or not row.tenant_id or row.tenant_id == ours)
    ]
    if len(accepted) < len(rows):
        logger.warning(
            "versions of another deployment or tenant refused",
            extra={"deployment": deployment.miosa_id, "count": len(rows) - len(accepted)},
        )
    return accepted


def mark_versions_gone(versions: QuerySet[Version], *, now: datetime) -> VersionChanges:
    """MIOSA does not know these versions any more. They may be very many, so none is fetched."""
    existing = versions.filter(gone_at=None)
    owners = existing.order_by().values_list("customer_id", flat=True).distinct()
    changes = VersionChanges(customer_ids=_list_owner_ids(owners))
    changes.changed = existing.update(gone_at=now, is_doubtful=False)
    return changes


def _store(
    deployment: Deployment,
    facts: dict[str, dict[str, Any]],
    stated: dict[str, Stated],
    *,
    now: datetime,
    is_single: bool,
) -> VersionChanges:
    known = {
        version.miosa_id: version
        for version in Version.objects.filter(deployment=deployment, miosa_id__in=facts).select_related("customer")
    }
    owners_by_id = attribution.attribute_versions(deployment, stated, known=known, now=now)
    customers = customer_rows.ensure_customers(
        (owner.external_id for owner in owners_by_id.values() if owner.external_id),
        known=(version.customer for version in known.values() if version.customer),
    )
    changes = VersionChanges(known_ids=set(known))
    new: list[Version] = []
    updated: list[Version] = []
    timed: dict[tuple[str, ...], list[Version]] = {}
    columns: set[str] = set()
    for version_id, row in facts.items():
        owner = owners_by_id[version_id]
        version = known.get(version_id)
        values = clean_text.fit_columns(Version, row) | {
            "customer": customers.get(owner.external_id or ""),
            "attribution": owner.kind,
            "gone_at": None,
            "is_doubtful": row["is_readable"]
            and not is_single
            and owner.kind is Version.Attribution.UNKNOWN
            and (version is None or version.is_doubtful),
        }
        if version is None:
            version = Version(deployment=deployment, miosa_id=version_id, first_seen_at=now, **values)
            version_times.note_row(version, was_unfinished=False, now=now)
            new.append(version)
            continue
        was_unfinished = version.state in UNFINISHED
        if changed := _merge(version, values, changes):
            updated.append(version)
            columns |= changed
            times = version_times.note_row(version, was_unfinished=was_unfinished, now=now)
            timed.setdefault(times, []).append(version)
    authors.set_publishers(deployment, [*new, *changes.moved])
    version_notes.set_notes(deployment, new)
    version_notes.delete_notes(deployment, changes.moved)
    columns |= set(authors.COLUMNS) if changes.moved else set()
    Version.objects.bulk_create(new, batch_size=100)
    # Of its times only those that the row says: a change of what is live, which sets them too, may be newer.
    for times, versions in timed.items():
        Version.objects.bulk_update(versions, sorted(columns.union(times)), batch_size=50)
    _follow_up(deployment, new, updated, changes)
    return changes


def _list_owner_ids(customer_ids: Iterable[int | None]) -> set[int]:
    """None is Unassigned's."""
    found = set(customer_ids)
    unassigned = {customer_rows.get_unassigned().pk} if None in found else set()
    return {pk for pk in found if pk is not None} | unassigned


def _follow_up(deployment: Deployment, new: list[Version], updated: list[Version], changes: VersionChanges) -> None:
    """What follows from new and changed rows: links to customers, timeline entries, the customers' last publish."""
    changes.changed = len(new) + len(updated)
    changes.customer_ids |= _list_owner_ids(version.customer_id for version in (*new, *updated))
    if new or changes.moved:
        # In the same transaction, so that nobody sees a row before the deployment counts as shared.
        customer_links.add_customers(deployment, changes.customer_ids)
    timeline_entries.upsert_version_entries(deployment, [*new, *updated], moved=changes.moved)
    _note_publish(new)


def _merge(version: Version, values: dict[str, Any], changes: VersionChanges) -> set[str]:
    """Set what differs, and return the columns to save; none if nothing but `updated_at` does.

    Facts are frozen at creation, so an empty value never removes one (contract 8.2).
    """
    if not values.get("is_readable", True):
        # What was readable once stays; an unreadable row can only say whose it is.
        values = {name: values[name] for name in ("customer", "attribution", "gone_at")}
    changed = set()
    for name, value in values.items():
        if value == getattr(version, name) or _is_left_out(name, value, values):
            continue
        if name == "customer":
            changes.customer_ids.add(version.customer_id or customer_rows.get_unassigned().pk)
            changes.moved.append(version)
        setattr(version, name, value)
        changed.add(name)
    return changed if changed - {"updated_at"} else set()


def _is_left_out(name: str, value: object, values: dict[str, Any]) -> bool:
    """Whether an empty value in a row means only that the row leaves it out."""
    if name == "was_live":
        return not value
    if name == "archived_at":
        return value is None and values.get("state") == "archived"
    return value in (None, "") and name not in {"gone_at", "customer"}


def _note_publish(new: list[Version]) -> None:
    latest: dict[int, datetime] = {}
    for version in new:
        if version.customer and version.created_at:
            known_at, created_at = version.customer.last_published_at, get_created_at(version)
            if known_at is None or known_at < created_at:
                latest[version.customer.pk] = max(created_at, latest.get(version.customer.pk, created_at))
    for pk, at in latest.items():
        Customer.objects.filter(pk=pk).exclude(last_published_at__gte=at).update(last_published_at=at)


def _facts(row: miosa.Version) -> dict[str, Any]:
    return {
        "is_readable": True,
        "number": row.version_number,
        "kind": row.kind or "",
        "state": row.state or "",
        "created_by": row.created_by or "",
        "external_user_id": _text_or_empty(row.external_user_id),
        "external_project_id": _text_or_empty(row.external_project_id),
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


def _text_or_empty(value: str | UnsetType | None) -> str:
    return value if isinstance(value, str) else ""
