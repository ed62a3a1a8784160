"""A wish becomes a row, committed before anything is sent."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.access import Person
from portal.models import Customer, Operation
from portal.services.errors import Conflict
from portal.services.journal import beats
from portal.services.journal.kinds import RULES
from portal.services.journal.tokens import Token

logger = logging.getLogger(__name__)

# An operation nobody knows the end of holds its lane no longer than this, and is never sent again after it.
MINUTE = timedelta(seconds=60)
_OPEN = (Operation.State.ACCEPTED, Operation.State.SENT, Operation.State.UNKNOWN)


class Running(Conflict):
    """Somebody else's operation holds the lane. `operation_key` names its page, `person_name` who asked for it."""

    def __init__(self, running: Operation) -> None:
        text = _("%(name)s is changing this right now. Wait until that is done, then look again.")
        super().__init__(text % {"name": running.person_name})
        self.operation_key = running.key
        self.person_name = running.person_name


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person confirmed. `body` holds no secret. `override` names an unknown operation to step over, staff only."""

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


def accept(wish: Wish, *, now: datetime) -> tuple[Operation, bool]:
    """The row, and whether it is new. Raises Running if another one holds the lane."""
    found = find(wish.token)
    if found is not None:
        return found, False
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
        if running is None:
            raise
        raise Running(running) from None
    logger.info("operation accepted", extra={"operation": str(operation.key), "kind": operation.kind})
    return operation, True


def _row(wish: Wish, lane: str, *, now: datetime) -> Operation:
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


def _free_lane(deployment_id: str, lane: str, *, override: UUID | None, now: datetime) -> None:
    """An unknown leaves its lane after a minute, or when staff step over it."""
    unknown = Operation.objects.filter(
        deployment_id=deployment_id, lane=lane, in_lane=True, state=Operation.State.UNKNOWN
    )
    unknown.filter(asked_at__lt=now - MINUTE).update(in_lane=False)
    if override is not None:
        unknown.filter(key=override).update(in_lane=False)
