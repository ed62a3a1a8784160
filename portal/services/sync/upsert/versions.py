"""Rows of versions into the table, each sorted to its customer, and filed in the timeline."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from msgspec import UNSET, UnsetType

from portal import miosa
from portal.models import Connection, Customer, Deployment, Version
from portal.services import clean_text
from portal.services.sync.upsert import attribution, customers, entries, holdings
from portal.services.sync.upsert.attribution import Stated

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Taken:
    """What a batch of rows changed. `known` counts rows that were remembered before; customers include Unassigned."""

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
    singly: bool = False,
) -> Taken:
    """Take over version rows of one deployment, read just now. `singly`: each was asked for by itself."""
    facts = {row.id: _facts(row) for row in admitted(deployment, rows)}
    stated = {row.id: row.external_workspace_id for row in rows if row.id in facts}
    for broken in unreadable:
        if broken.id and broken.id not in facts:
            facts[broken.id] = {"is_readable": False}
            stated[broken.id] = broken.external_workspace_id or UNSET
    with transaction.atomic():
        return _remember(deployment, facts, stated, now=now, singly=singly)


def admitted(deployment: Deployment, rows: Sequence[miosa.Version]) -> list[miosa.Version]:
    """The rows that are versions of this deployment and of our tenant."""
    ours = Connection.only().tenant_id
    good = [
        row
        for row in rows
        if row.deployment_id == deployment.miosa_id and (not ours or not row.tenant_id or row.tenant_id == ours)
    ]
    if len(good) < len(rows):
        logger.warning(
            "versions of another deployment or tenant refused",
            extra={"deployment": deployment.miosa_id, "count": len(rows) - len(good)},
        )
    return good


def mark_gone(versions: QuerySet[Version], *, now: datetime) -> Taken:
    """MIOSA does not know these versions any more. They may be very many, so none is fetched."""
    there = versions.filter(gone_at=None)
    owners = there.order_by().values_list("customer_id", flat=True).distinct()
    taken = Taken(customer_ids={pk or customers.unassigned().pk for pk in owners})
    taken.changed = there.update(gone_at=now, is_doubtful=False)
    return taken


def _remember(
    deployment: Deployment, facts: dict[str, dict[str, Any]], stated: dict[str, Stated], *, now: datetime, singly: bool
) -> Taken:
    known = {
        version.miosa_id: version
        for version in Version.objects.filter(deployment=deployment, miosa_id__in=facts).select_related("customer")
    }
    whose = attribution.sort(deployment, stated, known=known, now=now)
    owners = customers.ensure_all(one.external_id for one in whose.values() if one.external_id)
    taken = Taken()
    new, updated = [], []
    for version_id, told in facts.items():
        kind = whose[version_id].kind
        values = clean_text.fit(Version, told) | {
            "customer": owners.get(whose[version_id].external_id or ""),
            "attribution": kind,
            "gone_at": None,
        }
        version = known.get(version_id)
        values["is_doubtful"] = (
            told["is_readable"]
            and not singly
            and kind is Version.Attribution.UNKNOWN
            and (version is None or version.is_doubtful)
        )
        if version is None:
            new.append(Version(deployment=deployment, miosa_id=version_id, first_seen_at=now, **values))
        else:
            taken.known += 1
            if _merge(version, values, taken):
                updated.append(version)
    _write(new, updated)
    taken.changed = len(new) + len(updated)
    taken.customer_ids |= {version.customer_id or customers.unassigned().pk for version in (*new, *updated)}
    if new or taken.has_moved:
        # At once, so that nobody sees a row before it is known that others have something here too.
        holdings.hold(deployment, taken.customer_ids)
    entries.file_versions(deployment, [*new, *updated])
    _note_publish(new)
    return taken


def _merge(version: Version, values: dict[str, Any], taken: Taken) -> bool:
    """Change what differs. Facts are frozen at creation, so a null never takes one away (contract 8.2)."""
    if not values.get("is_readable", True):
        # What was legible once stays so; only whose it is may be told by a row that can't be read.
        values = {name: values[name] for name in ("customer", "attribution", "gone_at")}
    changed = False
    for name, value in values.items():
        if value == getattr(version, name) or _says_nothing(name, value, values):
            continue
        if name == "customer":
            taken.has_moved = True
            taken.customer_ids.add(version.customer_id or customers.unassigned().pk)
        setattr(version, name, value)
        changed = changed or name != "updated_at"
    return changed


def _says_nothing(name: str, value: object, values: dict[str, Any]) -> bool:
    """Whether an empty value in a row means only that the row leaves it out."""
    if name == "was_live":
        return not value
    if name == "archived_at":
        return value is None and values.get("state") == "archived"
    return value in (None, "") and name not in {"gone_at", "customer"}


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


def _text(value: str | UnsetType | None) -> str:
    return value if isinstance(value, str) else ""
