"""Turn a confirmed form into an operation row, committed before anything is sent."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.models import Customer, Operation
from portal.permissions import Person
from portal.services.audit.record import record
from portal.services.errors import Conflict
from portal.services.operations import execute, heartbeat, messages
from portal.services.operations.base import Refusal
from portal.services.operations.kinds import get_kind
from portal.services.operations.tokens import Token
from portal.services.people import staff_names
from portal.wakeup import notify_worker

logger = logging.getLogger(__name__)

# Staff may override a slow operation that was sent this long ago.
_SLOW_AFTER = timedelta(seconds=10)
_TRIES = 3


class LaneBusy(Conflict):
    """Another operation holds the lane. `operation_key` names its page, `person_name` who requested it."""

    def __init__(self, running: Operation, *, by: Person) -> None:
        name, _role = staff_names.show_person(running.person_name, running.person_role, by=by)
        text = _("%(name)s is changing this right now. Wait until that is done, then check again.")
        super().__init__(text % {"name": name})
        self.operation_key = running.key
        self.person_name = name


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """What a person confirmed. `customer` is the owner of what is changed.

    `body` holds no secret. `override` is the key of the unfinished operation to override, staff only,
    `undo_of` that of the operation to undo.
    `lane` is set where the kind's own is not the whole name.
    """

    token: Token
    by: Person
    customer: Customer
    deployment_name: str
    target_number: int | None = None
    seen_live_number: int | None = None
    environment: str = ""
    reason: str = ""
    note: str = ""
    lane: str = ""
    override: UUID | None = None
    undo_of: UUID | None = None
    body: dict[str, Any] = field(default_factory=dict)


def find_operation(token: Token) -> Operation | None:
    """The operation that this form has created already, so that submitting it twice acts once."""
    return Operation.objects.filter(key=token.id).first()


def accept(request: OperationRequest, *, now: datetime) -> tuple[Operation, bool]:
    """The row, and whether it is new. Raises LaneBusy."""
    operation = _build_operation(request, now=now)
    for _try in range(_TRIES):
        if _insert(operation, request):
            if get_kind(operation.kind).runs_in_worker:
                notify_worker()
            return operation, True
        found = find_operation(request.token)
        if found is not None:
            return found, False
        running = Operation.objects.in_lane_of(operation.deployment_id, operation.lane).first()
        if running is not None and not _free_lane(running, override=request.override, now=now):
            raise LaneBusy(running, by=request.by)
    # Other operations took and left the lane during each attempt.
    raise Conflict(_("Other people are changing this right now. Wait a moment, then try again."))


def can_override(operation: Operation, *, now: datetime) -> bool:
    """Whether staff may override it: its outcome is unknown, or a slow call has had no answer for a while."""
    if operation.state == Operation.State.UNKNOWN:
        return True
    is_sent = operation.state == Operation.State.SENT and operation.sent_at is not None
    is_slow = get_kind(operation.kind).runs_in_worker
    return is_slow and is_sent and operation.sent_at is not None and now - operation.sent_at > _SLOW_AFTER


def _insert(operation: Operation, request: OperationRequest) -> bool:
    """False if the lane is taken, or the row exists."""
    try:
        with transaction.atomic():
            operation.save(force_insert=True)
            _record(operation, request)
    except IntegrityError:
        operation.pk = None
        return False
    logger.info("operation accepted", extra={"operation": str(operation.key), "kind": operation.kind})
    return True


def _record(operation: Operation, request: OperationRequest) -> None:
    """The audit event; how it ended is on the operation's page. The note is for staff only, so it is not in it."""
    after = {
        "version": operation.target_number,
        "environment": operation.environment,
        "domain": operation.body.get("domain"),
        "name": operation.body.get("name"),
        "names": operation.body.get("names"),
        "reason": operation.reason,
    }
    record(
        f"operation.{operation.kind}",
        by=request.by,
        customer=request.customer,
        target=operation.deployment_name,
        before={"version": operation.seen_live_number} if operation.seen_live_number else None,
        after={name: value for name, value in after.items() if value},
        operation=operation.key,
    )


def _build_operation(request: OperationRequest, *, now: datetime) -> Operation:
    token, kind = request.token, get_kind(request.token.kind)
    role = request.by.role_at(request.customer.pk)
    # Executed at once by this process, unless the worker does it.
    runner = {} if kind.runs_in_worker else {"runner": heartbeat.new_runner(), "heartbeat_at": now}
    return Operation(
        key=token.id,
        kind=kind.name,
        permission=kind.permission,
        concerns=kind.concerns,
        moves_pointer=kind.moves_live_version(request.environment),
        lane=request.lane or kind.lane,
        person_id=request.by.id,
        person_name=request.by.name[:200],
        person_role=role.value if role else "",
        customer_id=request.customer.pk,
        customer_name=request.customer.name,
        deployment_id=token.deployment_id,
        deployment_name=request.deployment_name,
        target_id=token.target_id,
        target_number=request.target_number,
        seen_live_id=token.seen_live_id,
        seen_live_number=request.seen_live_number,
        environment=request.environment,
        reason=request.reason,
        note=request.note,
        override_of=request.override,
        undo_of=request.undo_of,
        body=request.body,
        requested_at=now,
        **runner,
    )


def _free_lane(held: Operation, *, override: UUID | None, now: datetime) -> bool:
    """Take an abandoned operation, or one that staff override, out of its lane. False if it still holds the lane.

    A repeat is sent from within the lane only, so what has left it is never sent again.
    """
    unchanged = Operation.objects.filter(pk=held.pk, state=held.state, attempts=held.attempts)
    if not held.is_abandoned(now=now):
        may_override = held.key == override and can_override(held, now=now)
        return may_override and bool(unchanged.update(in_lane=False))
    if held.state == Operation.State.ACCEPTED:
        execute.record_refusal(held, Refusal("too_late", messages.too_late()))
    elif held.state == Operation.State.UNKNOWN:
        unchanged.update(in_lane=False)
    else:
        unchanged.unattended(now=now).update(in_lane=False)
    return True
