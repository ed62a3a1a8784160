"""Operations as pages and the API show them: what was requested, by whom, why, and how it ended."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from portal.models import Customer, Deployment, Holding, Operation, Version
from portal.permissions import Permission, Person, Role, has_permission
from portal.services import clean_text, environments, open_words
from portal.services.errors import NotFound
from portal.services.people import staff_names
from portal.services.queries import customers, outcomes, summaries, undo
from portal.services.queries.actions import get_connection_obstacle
from portal.services.queries.operation_schemas import OperationList, OperationPage
from portal.services.queries.schemas import BuildOutcome

PAGE_SIZE = 50
_PORTAL_ID = 0
# While a check is due, a page polls no longer than this after the request.
_CHECKED_WITHIN = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class _RelatedObjects:
    """The rows that operations name by MIOSA's ids, read for a whole list at once.

    Customers by primary key, deployments by MIOSA's id, versions by MIOSA's ids of deployment and version.
    `held`: pairs of deployment (MIOSA's id) and customer who has something on it, so that its pages exist.
    """

    customers: dict[int, Customer]
    deployments: dict[str, Deployment]
    versions: dict[tuple[str, str], Version]
    held: set[tuple[str, int]]

    def find_version(self, deployment_id: str, version_id: str) -> Version | None:
        return self.versions.get((deployment_id, version_id)) if version_id else None


def get_operation(*, by: Person, key: UUID, now: datetime) -> OperationPage:
    """Raises NotFound, also for another customer's."""
    return get_page(find_row(by=by, key=key), by=by, now=now)


def list_operations(
    *, by: Person, slug: str = "", deployment_id: str = "", before: int = 0, now: datetime
) -> OperationList:
    """Newest first, of one customer, one deployment, or all this person may see. `before`: the cursor.

    Without those that the portal requests itself: checks of domains, which change nothing.
    """
    rows = _list_visible(by).exclude(person_id=_PORTAL_ID)
    customer = customers.get_customer(by=by, slug=slug) if slug else None
    if customer is not None:
        rows = rows.filter(customer_id=customer.pk)
    if deployment_id:
        rows = rows.filter(deployment_id=clean_text.make_storable(deployment_id))
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    next_cursor = str(found[PAGE_SIZE - 1].pk) if len(found) > PAGE_SIZE else ""
    related = _fetch_related(found[:PAGE_SIZE])
    pages = [_build_page(each, related, by=by, now=now) for each in found[:PAGE_SIZE] if _may_see(each, related, by=by)]
    summary = summaries.summarize_customer(customer, by=by) if customer is not None else None
    return OperationList(tuple(pages), next_cursor, summary)


def iterate_operations(*, by: Person, slug: str = "", now: datetime) -> Iterator[OperationPage]:
    """The same without an end, read a page at a time. Raises NotFound at once."""
    return _iterate(list_operations(by=by, slug=slug, now=now), by=by, slug=slug, now=now)


def _iterate(page: OperationList, *, by: Person, slug: str, now: datetime) -> Iterator[OperationPage]:
    yield from page.operations
    while page.next_cursor:
        page = list_operations(by=by, slug=slug, before=int(page.next_cursor), now=now)
        yield from page.operations


def get_pages(keys: Collection[UUID], *, by: Person, now: datetime) -> dict[UUID, OperationPage]:
    """Those of these operations that the person may see, by their keys."""
    if not keys:
        return {}
    rows = list(_list_visible(by).filter(key__in=keys))
    related = _fetch_related(rows)
    return {row.key: _build_page(row, related, by=by, now=now) for row in rows if _may_see(row, related, by=by)}


def find_row(*, by: Person, key: UUID) -> Operation:
    """Raises NotFound, also for another customer's."""
    operation = _list_visible(by).filter(key=key).first()
    if operation is None or not _may_see(operation, _fetch_related([operation]), by=by):
        raise NotFound
    return operation


def get_page(operation: Operation, *, by: Person, now: datetime, customer: Customer | None = None) -> OperationPage:
    """For a person who may see the operation. `customer`, if the caller has it, saves a query."""
    related = _fetch_related([operation], {customer.pk: customer} if customer else None)
    page = _build_page(operation, related, by=by, now=now)
    owner, deployment = related.customers.get(operation.customer_id), related.deployments.get(page.deployment_id)
    if owner is None or deployment is None or not page.is_live:
        return page
    obstacle = get_connection_obstacle(owner.connection)
    return replace(page, undo=undo.find_undo(operation, deployment, owner, by=by, obstacle=obstacle, now=now))


def may_decide(operation: Operation, *, by: Person) -> bool:
    """Who requested it, while still permitted to request such a change; and staff."""
    if has_permission(by, Permission.OVERRIDE_OPERATION):
        return True
    is_own = operation.person_id == by.id and by.role_at(operation.customer_id) is not None
    return is_own and has_permission(
        by,
        Permission(operation.permission),
        customer_id=operation.customer_id,
    )


def _list_vanished(operation: Operation, *, by: Person) -> tuple[str, ...]:
    """Customers don't see the names that the hosting service sets for itself."""
    names = operation.result.get("vanished", ())
    return tuple(name for name in names if open_words.show_text(name, by=by) == name)


def _build_page(operation: Operation, related: _RelatedObjects, *, by: Person, now: datetime) -> OperationPage:
    customer = related.customers.get(operation.customer_id) or customers.get_unassigned()
    deployment_id = operation.actual_deployment_id
    deployment = related.deployments.get(deployment_id)
    version = _find_visible(related, operation.version_id, operation, customer, by=by)
    seen_live = _find_visible(related, operation.seen_live_id, operation, customer, by=by)
    is_cut = deployment is not None and summaries.hides_others(deployment, by=by)
    sees_numbers = by.is_staff and not is_cut
    live_id = deployment.active_version_id if deployment else ""
    outcome = outcomes.get_outcome(operation, version, deployment)
    who, role = staff_names.show_person(operation.person_name, operation.person_role, by=by)
    decided_by, _role = staff_names.show_person(operation.decided_by, operation.decided_by_role, by=by)
    return OperationPage(
        key=operation.key,
        kind=operation.kind,
        state=operation.state,
        is_open=operation.state in Operation.OPEN or _is_being_checked(operation, now=now),
        needs_decision=operation.needs_decision,
        may_decide=may_decide(operation, by=by),
        customer_slug=customer.slug,
        customer_name=open_words.show_text(operation.customer_name, by=by),
        deployment_id=deployment_id,
        deployment_name=open_words.show_text(operation.deployment_name, by=by),
        deployment_is_here=(deployment_id, customer.pk) in related.held,
        version_id=version.miosa_id if version else "",
        number=version.number if version else operation.target_number if sees_numbers else None,
        from_version_id=seen_live.miosa_id if seen_live else "",
        from_number=seen_live.number if seen_live else operation.seen_live_number if sees_numbers else None,
        who=who,
        role=Role(role) if role else None,
        reason=operation.reason,
        undo_of=operation.undo_of,
        outcome=outcome,
        failure=_explain_failure(operation, version, by=by) if outcome is BuildOutcome.FAILED else "",
        note=operation.note if by.is_staff else "",
        environment=operation.environment,
        is_main=environments.is_main(operation.environment),
        requested_at=operation.requested_at,
        sent_at=operation.sent_at,
        settled_at=operation.settled_at,
        switched_at=operation.switched_at,
        checked_at=operation.checked_at,
        next_read_at=operation.next_read_at,
        verdict=operation.verdict,
        verdict_text=operation.verdict_text,
        by_reading=bool(operation.result.get("by_reading")),
        is_live=version is not None and live_id == version.miosa_id,
        is_unseen=operation.is_unconfirmed(live_id=live_id),
        is_building=operation.waits_for_build,
        decided_by=decided_by,
        decision=operation.decision,
        error_code=operation.error_code,
        error=operation.error_for_people,
        for_operators=operation.error_for_operators if by.is_staff else "",
        upstream_request_id=operation.upstream_request_id if by.is_operator else "",
        undo=None,
        sandbox=str(operation.body.get("source_sandbox_id", "")) if by.is_staff else "",
        names=() if is_cut else tuple(operation.body.get("names", ())),
        vanished=() if is_cut else _list_vanished(operation, by=by),
        domain=str(operation.body.get("domain", "")),
    )


def _fetch_related(
    operations: Iterable[Operation], known_customers: dict[int, Customer] | None = None
) -> _RelatedObjects:
    """Four queries for any number of operations, one less with `known_customers`."""
    operations = list(operations)
    deployment_ids = {each.actual_deployment_id for each in operations} | {each.deployment_id for each in operations}
    version_ids = {version_id for each in operations for version_id in (each.version_id, each.seen_live_id)} - {""}
    deployments = Deployment.objects.filter(miosa_id__in=deployment_ids).select_related("live_version")
    versions = Version.objects.filter(deployment__miosa_id__in=deployment_ids, miosa_id__in=version_ids)
    holdings = Holding.objects.filter(deployment__miosa_id__in=deployment_ids)
    return _RelatedObjects(
        customers=known_customers or Customer.objects.in_bulk({each.customer_id for each in operations}),
        deployments={row.miosa_id: row for row in deployments},
        versions={(row.deployment.miosa_id, row.miosa_id): row for row in versions.select_related("deployment")},
        held=set(holdings.values_list("deployment__miosa_id", "customer_id")),
    )


def _find_visible(
    related: _RelatedObjects, version_id: str, operation: Operation, customer: Customer, *, by: Person
) -> Version | None:
    version = related.find_version(operation.actual_deployment_id, version_id)
    return version if summaries.can_see_version(version, customer, by=by) else None


def _explain_failure(operation: Operation, version: Version | None, *, by: Person) -> str:
    """Empty if its log was not read, or does not show the cause."""
    return open_words.show_text(version.failure if version else operation.verdict_text, by=by)


def _list_visible(by: Person) -> QuerySet[Operation]:
    rows = Operation.objects.all()
    return rows if by.scope is None else rows.filter(customer_id__in=by.scope)


def _may_see(operation: Operation, related: _RelatedObjects, *, by: Person) -> bool:
    return summaries.can_see_operation(
        operation,
        related.deployments.get(operation.actual_deployment_id),
        related.customers.get(operation.customer_id) or customers.get_unassigned(),
        target=related.find_version(operation.deployment_id, operation.target_id),
        seen_live=related.find_version(operation.deployment_id, operation.seen_live_id),
        by=by,
    )


def _is_being_checked(operation: Operation, *, now: datetime) -> bool:
    if operation.state != Operation.State.SUCCEEDED:
        return False
    waits_for_switch = operation.next_read_at is not None and operation.switched_at is None
    is_check_due = operation.check_due_at is not None and now - operation.requested_at < _CHECKED_WITHIN
    return waits_for_switch or is_check_due
