"""Operations as people read them: what was asked, by whom, why, and how it ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.models import Operation
from portal.permissions import Permission, Person, Role, has_permission, who_can
from portal.services import clean_text
from portal.services.errors import Forbidden, Invalid, NotFound
from portal.services.operations import settling
from portal.services.operations.kinds import RULES, Kind, is_main
from portal.services.queries import customers, related_objects, summaries
from portal.services.queries.related_objects import Surroundings
from portal.services.sync.upsert.customer_rows import get_unassigned

PAGE = 50
_TOLD_AS_IT_IS = (
    *("state", "customer_name", "deployment_name", "environment", "reason", "error_code", "decided_by", "decision"),
    *("asked_at", "sent_at", "settled_at", "switched_at", "checked_at", "look_at", "verdict", "verdict_text"),
)


@dataclass(frozen=True, slots=True)
class OperationPage:
    """One operation. Numbers and ids of another customer's versions are left out for who may not see every customer;
    `note`, `sandbox` and `for_operators` are for staff, `upstream_request_id` is for operators.

    `names` are those of env vars, `vanished` names that were there before and are not any more.

    `is_main`: it concerns the environment that visitors see. `is_unseen`: accepted, and what is live has not been seen
    to follow.
    `is_open`: it will still change, so a page looks again. `needs_decision`: nobody can know, a person has to say.
    `version_id` is the version it concerns or made; `role` the role the person had.
    """

    key: UUID
    kind: Kind
    state: str
    is_open: bool
    needs_decision: bool
    may_decide: bool
    customer_slug: str
    customer_name: str
    deployment_id: str
    deployment_name: str
    deployment_is_here: bool
    version_id: str
    number: int | None
    from_version_id: str
    from_number: int | None
    who: str
    role: Role | None
    reason: str
    note: str
    environment: str
    is_main: bool
    asked_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    switched_at: datetime | None
    checked_at: datetime | None
    verdict: str
    verdict_text: str
    by_reading: bool
    is_live: bool
    is_unseen: bool
    is_building: bool
    decided_by: str
    decision: str
    error_code: str
    error: str
    for_operators: str
    upstream_request_id: str
    undo_version_id: str
    sandbox: str
    names: tuple[str, ...]
    vanished: tuple[str, ...]
    domain: str
    look_at: datetime | None


@dataclass(frozen=True, slots=True)
class OperationList:
    operations: tuple[OperationPage, ...]
    next_cursor: str


def get_operation(*, by: Person, key: UUID, now: datetime, steps: bool = True) -> OperationPage:
    """Raises NotFound for a stranger's. An unfinished one is taken a step further on the way, if `steps`."""
    operation = _find(by=by, key=key)
    if steps and not _is_for_worker(operation) and settling.is_due(operation, now=now):
        settling.step(operation, now=now)
        operation.refresh_from_db()
    return page_of(operation, by=by, now=now)


def decide(*, by: Person, key: UUID, choice: str, now: datetime) -> OperationPage:
    """Say what nobody else can know: happened, did_not, or again (look once more).

    Raises NotFound, Forbidden, Invalid.
    """
    operation = _find(by=by, key=key)
    if not _may_decide(operation, by=by):
        text = _("Only the person who asked, or the platform's people, can say what happened.")
        raise Forbidden(text, who_can=who_can(Permission.OVERRIDE_OPERATION))
    if choice not in {"happened", "did_not", "again"}:
        raise Invalid({"choice": _("Choose what happened.")})
    if choice != "again" and operation.state == "unknown" and not settling.needs_decision(operation):
        raise Invalid({"choice": _("We are still finding out. Wait a moment, then look again.")})
    settling.decide(operation, choice=choice, by_name=by.name, now=now)
    operation.refresh_from_db()
    if choice == "again" and not _is_for_worker(operation):
        settling.step(operation, now=now)
        operation.refresh_from_db()
    return page_of(operation, by=by, now=now)


def list_operations(
    *, by: Person, slug: str = "", deployment_id: str = "", before: int = 0, now: datetime
) -> OperationList:
    """Newest first, of one customer, one deployment, or all this person may see."""
    rows = _seen_by(by)
    if slug:
        rows = rows.filter(customer_id=customers.get_customer(by=by, slug=slug).pk)
    if deployment_id:
        rows = rows.filter(deployment_id=clean_text.storable(deployment_id))
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    around = related_objects.of(found[:PAGE])
    shown = [operation for operation in found[:PAGE] if _may_see(operation, around, by=by)]
    cursor = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    return OperationList(tuple(page_of(operation, by=by, now=now, around=around) for operation in shown), cursor)


def page_of(operation: Operation, *, by: Person, now: datetime, around: Surroundings | None = None) -> OperationPage:
    around = around or related_objects.of([operation])
    customer = around.customers.get(operation.customer_id) or get_unassigned()
    deployment_id = related_objects.deployment_id(operation)
    deployment = around.deployments.get(deployment_id)
    version, seen = (
        found if summaries.may_see(found, customer, by=by) else None
        for found in (around.version(deployment_id, one) for one in related_objects.version_ids(operation))
    )
    hidden = deployment is not None and summaries.hides_others(deployment, by=by)
    sees_all = by.is_staff and not hidden
    is_open = operation.state in {"accepted", "sent", "unknown"} or _is_being_checked(operation, now=now)
    return OperationPage(
        **{name: getattr(operation, name) for name in _TOLD_AS_IT_IS},
        key=operation.key,
        kind=Kind(operation.kind),
        is_open=is_open,
        needs_decision=settling.needs_decision(operation),
        may_decide=_may_decide(operation, by=by),
        customer_slug=customer.slug,
        deployment_id=deployment_id,
        deployment_is_here=(deployment_id, customer.pk) in around.held,
        version_id=version.miosa_id if version else "",
        number=version.number if version else operation.target_number if sees_all else None,
        from_version_id=seen.miosa_id if seen else "",
        from_number=seen.number if seen else operation.seen_live_number if sees_all else None,
        who=operation.person_name,
        role=Role(operation.person_role) if operation.person_role else None,
        note=operation.note if by.is_staff else "",
        by_reading=bool(operation.result.get("by_reading")),
        is_live=bool(version and deployment and deployment.active_version_id == version.miosa_id),
        is_unseen=summaries.is_unseen(operation, deployment),
        is_building=summaries.waits_for_build(operation),
        is_main=is_main(operation.environment),
        error=operation.error_for_people,
        for_operators=operation.error_for_operators if by.is_staff else "",
        upstream_request_id=operation.upstream_request_id if by.is_operator else "",
        undo_version_id=seen.miosa_id if seen and operation.switched_at and version else "",
        names=() if hidden else tuple(operation.body.get("names", ())),
        vanished=() if hidden else tuple(operation.result.get("vanished", ())),
        domain=str(operation.body.get("domain", "")),
        sandbox=str(operation.body.get("source_sandbox_id", "")) if by.is_staff else "",
    )


def _seen_by(by: Person) -> QuerySet[Operation]:
    rows = Operation.objects.all()
    return rows if by.scope is None else rows.filter(customer_id__in=by.scope)


def _find(*, by: Person, key: UUID) -> Operation:
    operation = _seen_by(by).filter(key=key).first()
    if operation is None or not _may_see(operation, related_objects.of([operation]), by=by):
        raise NotFound
    return operation


def _may_see(operation: Operation, around: Surroundings, *, by: Person) -> bool:
    customer = around.customers.get(operation.customer_id) or get_unassigned()
    return summaries.may_see_operation(
        operation,
        around.deployments.get(related_objects.deployment_id(operation)),
        customer,
        target=around.version(operation.deployment_id, operation.target_id),
        seen_live=around.version(operation.deployment_id, operation.seen_live_id),
        by=by,
    )


def _may_decide(operation: Operation, *, by: Person) -> bool:
    """Whoever asked, while still allowed to ask for such a thing; and staff."""
    asked = operation.person_id == by.id and by.role_at(operation.customer_id) is not None
    right = RULES[Kind(operation.kind)].right
    may_still = asked and has_permission(
        by, right, customer_id=operation.customer_id, switched_off=settings.OWNERS_MAY_NOT
    )
    return may_still or has_permission(by, Permission.OVERRIDE_OPERATION)


def _is_for_worker(operation: Operation) -> bool:
    """What takes long is carried out, looked into and repeated by the worker alone; no page waits a minute for it."""
    return RULES[Kind(operation.kind)].slow


def _is_being_checked(operation: Operation, *, now: datetime) -> bool:
    if operation.state != Operation.State.SUCCEEDED:
        return False
    waits_for_pointer = operation.look_at is not None and operation.switched_at is None
    return waits_for_pointer or (operation.check_due_at is not None and now - operation.asked_at < timedelta(minutes=3))
