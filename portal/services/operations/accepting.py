"""A wish becomes a row, committed before anything is sent."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.models import Customer, Operation
from portal.permissions import Person
from portal.services.errors import Conflict
from portal.services.operations import beats
from portal.services.operations.kinds import RULES, Kind
from portal.services.operations.tokens import Token
from portal.wakeup import notify_worker

logger = logging.getLogger(__name__)

# An operation nobody knows the end of holds its lane no longer than this, and is never sent again after it.
MINUTE = timedelta(seconds=60)
_CLOCKS_APART = timedelta(seconds=5)
# What takes long may be stepped over by staff once it has been under way for so long.
_LONG = timedelta(seconds=10)


class Running(Conflict):
    """Somebody else's operation holds the lane. `operation_key` names its page, `person_name` who asked for it."""

    def __init__(self, running: Operation) -> None:
        text = _("%(name)s is changing this right now. Wait until that is done, then look again.")
        super().__init__(text % {"name": running.person_name})
        self.operation_key = running.key
        self.person_name = running.person_name


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """What a person confirmed.

    `body` holds no secret. `override` names an unknown operation to step over, staff only.
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
    body: dict[str, Any] = field(default_factory=dict)


def find(token: Token) -> Operation | None:
    """The operation this very form has already become: pressing twice never acts twice."""
    return Operation.objects.filter(key=token.id).first()


def accept(wish: OperationRequest, *, now: datetime, is_first_try: bool = True) -> tuple[Operation, bool]:
    """The row, and whether it is new. Raises Running if another one holds the lane."""
    rule = RULES[wish.token.kind]
    lane = wish.lane or rule.lane
    _free_lane(wish.token.deployment_id, lane, override=wish.override, now=now)
    operation = _row(wish, lane, now=now)
    if not rule.slow:
        operation.runner, operation.beat_at = beats.new_runner(), now
    try:
        with transaction.atomic():
            operation.save(force_insert=True)
    except IntegrityError:
        found = find(wish.token)
        if found is not None:
            return found, False
        running = Operation.objects.filter(deployment_id=operation.deployment_id, lane=lane, in_lane=True).first()
        if running is None and is_first_try:
            # It left the lane at this very moment.
            return accept(wish, now=now, is_first_try=False)
        if running is None:
            raise
        raise Running(running) from None
    logger.info("operation accepted", extra={"operation": str(operation.key), "kind": operation.kind})
    if rule.slow:
        notify_worker()
    return operation, True


def _row(wish: OperationRequest, lane: str, *, now: datetime) -> Operation:
    role = wish.by.role_at(wish.customer.pk)
    return Operation(
        key=wish.token.id,
        kind=wish.token.kind,
        lane=lane,
        person_id=wish.by.id,
        person_name=wish.by.name[:200],
        person_role=role.value if role else "",
        customer_id=wish.customer.pk,
        customer_name=wish.customer.name,
        deployment_id=wish.token.deployment_id,
        deployment_name=wish.deployment_name,
        target_id=wish.token.target_id,
        target_number=wish.target_number,
        seen_live_id=wish.token.seen_live,
        seen_live_number=wish.seen_live_number,
        environment=wish.environment,
        reason=wish.reason,
        note=wish.note,
        override_of=wish.override,
        body=wish.body,
        asked_at=now,
    )


def is_young(operation: Operation, *, now: datetime) -> bool:
    """Asked within the last minute. A wish from the future is one from before a clock was set back, of unknown age."""
    return -_CLOCKS_APART <= now - operation.asked_at <= MINUTE


def young(now: datetime) -> Q:
    """The same of rows, to be asked in the very statement that lets one go out."""
    return Q(asked_at__gte=now - MINUTE, asked_at__lte=now + _CLOCKS_APART)


def find_in_lane(deployment_id: str, lane: str, *, now: datetime) -> Operation | None:
    """The operation that holds a lane; not one that would have to leave it by now."""
    held = Operation.objects.filter(deployment_id=deployment_id, lane=lane, in_lane=True).first()
    return None if held is None or _is_left_over(held, now=now) else held


def may_be_stepped_over(operation: Operation, *, now: datetime) -> bool:
    """What nobody knows the end of, and what takes long and has not been answered for a while."""
    if operation.state == Operation.State.UNKNOWN:
        return True
    is_slow = operation.kind in set(Kind) and RULES[Kind(operation.kind)].slow
    is_sent = operation.state == Operation.State.SENT and operation.sent_at is not None
    return is_slow and is_sent and operation.sent_at is not None and now - operation.sent_at > _LONG


def _is_left_over(operation: Operation, *, now: datetime) -> bool:
    """Older than a minute, and no living process is about it."""
    is_idle = operation.state == Operation.State.UNKNOWN or not beats.is_carried(operation, now=now)
    return is_idle and not is_young(operation, now=now)


def _free_lane(deployment_id: str, lane: str, *, override: UUID | None, now: datetime) -> None:
    """Whoever has been in the lane for more than a minute without an end leaves it; or when staff step over it.

    A repeat is sent from within the lane only, so that what has left it is never sent again.
    """
    held = Operation.objects.filter(deployment_id=deployment_id, lane=lane, in_lane=True).first()
    if held is None:
        return
    as_seen = Operation.objects.filter(pk=held.pk, state=held.state, attempts=held.attempts)
    if _is_left_over(held, now=now):
        if held.state != Operation.State.UNKNOWN:
            as_seen = as_seen.filter(beats.nobody(now))
        if held.state == Operation.State.ACCEPTED:
            as_seen.update(in_lane=False, settled_at=now, **too_late())
        else:
            as_seen.update(in_lane=False)
    elif held.key == override and may_be_stepped_over(held, now=now):
        as_seen.update(in_lane=False)


def too_late() -> dict[str, str]:
    """What an operation says that was never begun in time."""
    return {
        "state": Operation.State.REFUSED,
        "error_code": "too_late",
        "error_for_people": _("It could not be sent in time, so it was not sent at all. Nothing has changed."),
    }
