"""Entries of a timeline as people see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.models import Customer, Deployment, Entry, Operation, Version
from portal.permissions import Person
from portal.services.queries import summaries, timeline
from portal.services.queries.schemas import ActivationKind, VersionSummary


@dataclass(slots=True)
class VersionEntry:
    """A version in the timeline. `sandbox` is for staff alone. `at` is the moment it is filed under (set once)."""

    id: int
    at: datetime
    deployment_id: str
    deployment_name: str
    version: VersionSummary
    sandbox: str
    is_gone: bool


@dataclass(frozen=True, slots=True)
class ActivationEntry:
    """A change of the live pointer.

    `from_version_id` is empty if nothing was live before or if it was another customer's.
    """

    id: int
    at: datetime
    deployment_id: str
    deployment_name: str
    deed: ActivationKind
    version_id: str
    number: int | None
    from_version_id: str
    from_number: int | None
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """A change asked of MIOSA through the portal. `state` as in the journal: an unknown or refused one is told as such.

    `number` and `from_number` are None where they do not apply or are another customer's. `role` is the role the person
    had.
    `decision` is happened or did_not, where a person had to say. `is_unseen`: accepted, and what is live has not been
    seen to follow.
    """

    id: int
    at: datetime
    key: UUID
    kind: str
    state: str
    deployment_id: str
    deployment_name: str
    version_id: str
    number: int | None
    from_version_id: str
    from_number: int | None
    who: str
    role: str
    reason: str
    decision: str
    is_unseen: bool


def entry(
    row: timeline.Row,
    versions: Mapping[int, Version],
    deployments: Mapping[int, Deployment],
    operations: Mapping[int, Operation],
    *,
    customer: Customer,
    by: Person,
) -> VersionEntry | ActivationEntry | OperationEntry | None:
    """None for a row whose version this person may not see; the search never brings one, and this makes certain."""
    version = versions.get(row.version)
    deployment = deployments.get(row.deployment)
    if row.kind == Entry.Kind.OPERATION:
        operation = operations.get(row.subject)
        if operation is None or deployment is None:
            return None
        other = versions.get(row.other)
        return _operation(row, operation, deployment, version, other, customer=customer, by=by)
    if version is None or deployment is None or not summaries.may_see(version, customer, by=by):
        return None
    if row.kind == Entry.Kind.VERSION:
        return VersionEntry(
            id=row.id,
            at=row.at,
            deployment_id=deployment.miosa_id,
            deployment_name=deployment.name,
            version=summaries.version(version, deployment),
            sandbox=version.source_sandbox_id if by.is_staff else "",
            is_gone=version.gone_at is not None or deployment.gone_at is not None,
        )
    other = versions.get(row.other)
    seen = other if other is not None and summaries.may_see(other, customer, by=by) else None
    return ActivationEntry(
        id=row.id,
        at=row.at,
        deployment_id=deployment.miosa_id,
        deployment_name=deployment.name,
        deed=_deed(version, seen),
        version_id=version.miosa_id,
        number=version.number,
        from_version_id=seen.miosa_id if seen else "",
        from_number=seen.number if seen else None,
        who="",
        reason="",
    )


def _operation(
    row: timeline.Row,
    operation: Operation,
    deployment: Deployment,
    version: Version | None,
    other: Version | None,
    *,
    customer: Customer,
    by: Person,
) -> OperationEntry | None:
    if not summaries.may_see_operation(operation, deployment, customer, target=version, seen_live=other, by=by):
        return None
    seen = other if other is not None and summaries.may_see(other, customer, by=by) else None
    return OperationEntry(
        id=row.id,
        at=row.at,
        key=operation.key,
        kind=operation.kind,
        state=operation.state,
        deployment_id=deployment.miosa_id,
        deployment_name=deployment.name,
        version_id=version.miosa_id if version else "",
        number=version.number if version else None,
        from_version_id=seen.miosa_id if seen else "",
        from_number=seen.number if seen else None,
        who=operation.person_name,
        role=operation.person_role,
        reason=operation.reason,
        decision=operation.decision,
        is_unseen=summaries.is_unseen(operation, deployment),
    )


def _deed(to: Version, previous: Version | None) -> ActivationKind:
    if previous is None or to.number is None or previous.number is None:
        return ActivationKind.WENT_LIVE
    return ActivationKind.ROLLED_BACK if to.number < previous.number else ActivationKind.PROMOTED
