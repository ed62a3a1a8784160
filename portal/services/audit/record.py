"""Adds events to the audit log, within the transaction of the change that they tell of."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.models import AuditEvent, AuditHead, Customer
from portal.permissions import Person
from portal.services.audit import chain

Outcome, Way = AuditEvent.Outcome, AuditEvent.Way
_HEAD = 1


@dataclass(slots=True)
class Origin:
    """Where changes come from: a request, a command, or the worker. `recorded` is how many events it has left."""

    way: AuditEvent.Way
    address: str = ""
    request_id: str = ""
    recorded: int = 0


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


@contextmanager
def changes_from(origin: Origin) -> Iterator[Origin]:
    """Events recorded in this block say where they come from. Outside of such blocks they come from the worker."""
    token = _origin.set(origin)
    try:
        yield origin
    finally:
        _origin.reset(token)


def record(
    kind: str,
    *,
    by: Person | None,
    customer: Customer | None = None,
    target: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    outcome: AuditEvent.Outcome = Outcome.DONE,
    operation: UUID | None = None,
    email: str = "",
) -> None:
    """Add one event. `before` and `after` hold no secrets. `email` is what was typed by somebody who is nobody yet.

    Call it in the transaction of the change, as its last step: until that ends, no other event can be added.
    """
    origin = _origin.get() or Origin(Way.WORKER)
    role = (by.role_at(customer.pk) if customer is not None else by.staff) if by is not None else None
    with transaction.atomic():
        head, _created = AuditHead.objects.select_for_update().get_or_create(pk=_HEAD, defaults={"digest": chain.FIRST})
        event = AuditEvent(
            number=head.number + 1,
            at=timezone.now(),
            kind=kind,
            outcome=outcome,
            way=origin.way,
            person_id=by.id if by is not None else None,
            person_name=by.name[:200] if by is not None else "",
            person_email=(by.email if by is not None else email)[:254],
            person_role=role.value if role is not None else "",
            customer_id=customer.pk if customer is not None else None,
            customer_name=customer.name if customer is not None else "",
            target=target[:300],
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
            operation=operation,
            address=origin.address[:60],
            request_id=origin.request_id,
            previous=head.digest,
        )
        event.digest = chain.get_digest(event)
        event.save(force_insert=True)
        AuditHead.objects.filter(pk=head.pk).update(number=event.number, digest=event.digest)
    origin.recorded += 1
