"""Who published a version or made it live in this portal, copied to the rows that lists show.

Our operation's person comes first. Where there is no operation, the version's `external_user_id` says who published it.
"""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from portal.models import Activation, Deployment, Operation, Version
from portal.permissions import Role
from portal.services.sync.upsert import customer_links, timeline_entries, version_notes

COLUMNS = (
    "published_by",
    "published_by_role",
    "publish_reason",
    "publish_operation_id",
    "source_sandbox_name",
    "note",
)


class Author(NamedTuple):
    """`name` is empty if nobody is known. `sandbox_name` and `note` are those of a publish."""

    name: str = ""
    role: str = ""
    reason: str = ""
    operation_id: UUID | None = None
    sandbox_name: str = ""
    note: str = ""


def set_publishers(deployment: Deployment, versions: Collection[Version]) -> None:
    """Set the publisher of `versions`, which are not saved, where our operations published them."""
    if not versions:
        return
    ids = [version.miosa_id for version in versions]
    published = Operation.objects.filter(
        deployment_id=deployment.miosa_id, target_id="", result__version_id__in=ids
    ).order_by("pk")
    operations = {operation.version_id: operation for operation in published}
    for version in versions:
        _set_publisher(version, operations.get(version.miosa_id))


def note_publish(operation: Operation, deployment: Deployment) -> None:
    """The version that the operation published may have been stored before MIOSA's answer named it."""
    if operation.target_id or not operation.version_id:
        return
    version = Version.objects.filter(deployment=deployment, miosa_id=operation.version_id).first()
    if version is None or version.publish_operation_id == operation.key:
        return
    _set_publisher(version, operation)
    version_notes.set_notes(deployment, [version])
    version.save(update_fields=COLUMNS)
    timeline_entries.upsert_version_entries(deployment, [version])
    customer_links.bump_generation(deployment, {version.customer_id} if version.customer_id else ())


def find_live_author(live: Version, activation: Activation, *, is_own_publish: bool) -> Author:
    """Who made a version live. `is_own_publish`: it went live when it was published."""
    if activation.operation_id:
        operation = Operation.objects.filter(key=activation.operation_id).first()
        return _get_author(operation, live) if operation else Author()
    if not is_own_publish:
        return Author()
    if live.published_by:
        return Author(live.published_by, live.published_by_role, live.publish_reason, live.publish_operation_id)
    return Author(live.external_user_id)


def _set_publisher(version: Version, operation: Operation | None) -> None:
    author = _get_author(operation, version) if operation else Author()
    values: dict[str, Any] = dict(zip(COLUMNS, author, strict=True))
    for name, value in values.items():
        setattr(version, name, value)


def _get_author(operation: Operation, version: Version) -> Author:
    """Nobody, if the version belongs to another customer by now: its people are not shown to each other."""
    if operation.customer_id != version.customer_id and operation.person_role not in {Role.OPERATOR, Role.SUPPORT}:
        return Author()
    return Author(
        operation.person_name,
        operation.person_role,
        operation.reason,
        operation.key,
        operation.body.get("sandbox_name", ""),
        operation.body.get("version_note", ""),
    )
