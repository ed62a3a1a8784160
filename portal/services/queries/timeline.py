"""A page of a timeline: versions, changes of what is live, and operations, newest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.models import Customer, Deployment, Entry, Operation
from portal.models.versions import PreviousVersion, VersionRow
from portal.permissions import Person
from portal.services import open_words
from portal.services.people import staff_names
from portal.services.queries import actions, outcomes, summaries, timeline_search, undo
from portal.services.queries.schemas import State, Undo
from portal.services.queries.timeline_schemas import (
    ActivationEntry,
    ActivationKind,
    OperationEntry,
    TimelineEntry,
    VersionEntry,
)
from portal.services.queries.timeline_search import Row, Where

# Plain integers: reading a member of an enumeration for each row takes longer than to compare it.
_VERSION, _OPERATION = int(Entry.Kind.VERSION), int(Entry.Kind.OPERATION)
_BEING_BUILT = (State.BUILDING, State.CREATED)


@dataclass(frozen=True, slots=True)
class Page:
    """`next_cursor` is empty at the end. `searched_back_to`: back to then nothing more was found."""

    entries: tuple[TimelineEntry, ...]
    next_cursor: str
    searched_back_to: datetime | None

    @property
    def shows_build(self) -> bool:
        """Whether one of its versions is being built. It need not be the newest of its deployment."""
        versions = (entry for entry in self.entries if isinstance(entry, VersionEntry) and not entry.is_gone)
        return any(entry.version.state in _BEING_BUILT for entry in versions)


def get_customer_page(
    customer: Customer, deployments: Iterable[Deployment], *, where: Where, cursor: str, by: Person, now: datetime
) -> Page:
    """`deployments` are the customer's, with their versions. Raises NotFound for a cursor of another list."""
    found = timeline_search.search(
        scope=f"customer:{customer.pk}", customer_id=customer.pk, deployment_id=None, where=where, cursor=cursor
    )
    return _page(found, customer, {deployment.pk: deployment for deployment in deployments}, by=by, now=now)


def get_deployment_page(
    customer: Customer, deployment: Deployment, *, where: Where, cursor: str, by: Person, now: datetime
) -> Page:
    """Raises NotFound for a cursor of another list."""
    customer_id = None if by.sees_everyone else customer.pk
    found = timeline_search.search(
        scope=f"deployment:{deployment.pk}:{customer_id or ''}",
        customer_id=customer_id,
        deployment_id=deployment.pk,
        where=where,
        cursor=cursor,
    )
    return _page(found, customer, {deployment.pk: deployment}, by=by, now=now)


def _page(
    found: timeline_search.Found,
    customer: Customer,
    deployments: Mapping[int, Deployment],
    *,
    by: Person,
    now: datetime,
) -> Page:
    """No query, unless there are operations, or deployments beyond the given ones."""
    missing = {row.deployment for row in found.rows} - set(deployments)
    if missing:
        more = Deployment.objects.for_summary().in_bulk(missing)
        summaries.attach_versions(more.values())
        deployments = {**deployments, **more}
    keys = [row.subject for row in found.rows if row.kind == _OPERATION]
    operations = Operation.objects.in_bulk(keys) if keys else {}
    entries = []
    for row in found.rows:
        deployment = deployments.get(row.deployment)
        if deployment is None:
            continue
        entry: TimelineEntry | None
        if row.kind == _OPERATION:
            entry = _operation(row, operations.get(row.subject), deployment, customer, by=by, now=now)
        else:
            entry = _version_or_activation(row, deployment, customer, by=by)
        if entry is not None:
            entries.append(entry)
    return Page(tuple(entries), found.next_cursor, found.searched_back_to)


def _version_or_activation(
    row: Row, deployment: Deployment, customer: Customer, *, by: Person
) -> VersionEntry | ActivationEntry | None:
    """None for a version this person may not see. The search brings none; this makes sure."""
    version = row.version
    if version is None or not summaries.can_see_version(version, customer, by=by):
        return None
    if row.kind == _VERSION:
        summary = summaries.summarize_version(version, deployment, by=by)
        return VersionEntry(
            id=row.id,
            at=summary.created_at,
            deployment_id=deployment.miosa_id,
            deployment_name=open_words.show_text(deployment.name, by=by),
            version=summary,
            sandbox=version.source_sandbox_id if by.is_staff else "",
            is_gone=version.gone_at is not None or deployment.gone_at is not None,
        )
    previous = row.previous if summaries.can_see_version(row.previous, customer, by=by) else None
    return ActivationEntry(
        id=row.id,
        at=row.at,
        deployment_id=deployment.miosa_id,
        deployment_name=open_words.show_text(deployment.name, by=by),
        kind=_activation_kind(version, previous),
        version_id=version.miosa_id,
        number=version.number,
        from_version_id=previous.miosa_id if previous else "",
        from_number=previous.number if previous else None,
        who="",
        reason="",
    )


def _operation(
    row: Row, operation: Operation | None, deployment: Deployment, customer: Customer, *, by: Person, now: datetime
) -> OperationEntry | None:
    if operation is None or not summaries.can_see_operation(
        operation, deployment, customer, target=row.version, seen_live=row.previous, by=by
    ):
        return None
    previous = row.previous if summaries.can_see_version(row.previous, customer, by=by) else None
    who, role = staff_names.show_person(operation.person_name, operation.person_role, by=by)
    may_undo = _may_undo(operation, deployment, customer, by=by)
    return OperationEntry(
        id=row.id,
        at=row.at,
        key=operation.key,
        kind=operation.kind,
        state=operation.state,
        deployment_id=deployment.miosa_id,
        deployment_name=open_words.show_text(deployment.name, by=by),
        version_id=row.version.miosa_id if row.version else "",
        number=row.version.number if row.version else None,
        from_version_id=previous.miosa_id if previous else "",
        from_number=previous.number if previous else None,
        who=who,
        role=role,
        reason=operation.reason,
        decision=operation.decision,
        is_unseen=operation.is_unconfirmed(live_id=deployment.active_version_id),
        outcome=outcomes.get_outcome(operation, None, deployment),
        may_undo=may_undo,
        undo=_find_one_click(operation, deployment, customer, previous, by=by, now=now) if may_undo else None,
        subject=str(operation.body.get("domain", "")),
    )


def _find_one_click(
    operation: Operation,
    deployment: Deployment,
    customer: Customer,
    previous: PreviousVersion | None,
    *,
    by: Person,
    now: datetime,
) -> Undo | None:
    obstacle = actions.get_connection_obstacle(customer.connection)
    return undo.find_one_click(operation, deployment, previous, obstacle=obstacle, by=by, now=now)


def _may_undo(operation: Operation, deployment: Deployment, customer: Customer, *, by: Person) -> bool:
    """Whether to offer it. Its form says so if what was live before can't be restored any more."""
    if not operation.moves_pointer or operation.key != deployment.live_operation_id or deployment.gone_at is not None:
        return False
    return undo.may_undo(operation, customer, deployment, by=by)


def _activation_kind(version: VersionRow, previous: PreviousVersion | None) -> ActivationKind:
    if previous is None or version.number is None or previous.number is None:
        return ActivationKind.WENT_LIVE
    return ActivationKind.ROLLED_BACK if version.number < previous.number else ActivationKind.PROMOTED
