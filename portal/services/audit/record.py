"""Adds events to the audit log, within the transaction of the change that they tell of."""

import getpass
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from django.core.cache import cache
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from portal.models import AuditEvent, AuditHead, Customer
from portal.permissions import Person, Role
from portal.redaction import Redactor
from portal.services import clean_text
from portal.services.audit import chain

Outcome: TypeAlias = AuditEvent.Outcome
Way: TypeAlias = AuditEvent.Way

_REPEATED_AFTER_S = 60
_redactor = Redactor(())


@dataclass(slots=True)
class Origin:
    """Where changes come from: a request, a command, or the worker. `recorded` is how many events it has left.

    `name` is shown where no person of the portal acts: the user of the operating system that ran a command.
    """

    way: Way
    address: str = ""
    request_id: str = ""
    name: str = ""
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


@contextmanager
def changes_by_command() -> Iterator[Origin]:
    """For management commands that change something: `with changes_by_command(): …`, with `by=None` inside."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # in a container the user may have no name
        name = ""
    with changes_from(Origin(Way.COMMAND, name=name)) as origin:
        yield origin


def record(
    kind: str,
    *,
    by: Person | None,
    customer: Customer | None = None,
    target: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    outcome: Outcome = Outcome.DONE,
    operation: UUID | None = None,
    email: str = "",
) -> None:
    """Add one event. Secrets in `before` and `after` are masked by their names; don't rely on that.

    Call it in the transaction of the change, as its last step: until that ends, no other event can be added. `by` with
    the id 0 is no person of the portal. `email` is what was typed by somebody who is nobody yet.
    """
    origin = _origin.get() or Origin(Way.WORKER)
    by = by if by is not None and by.id else None
    role = _find_role(by, customer)
    # Without a savepoint: a change whose event can't be stored is undone too.
    with transaction.atomic(savepoint=False):
        head, _created = AuditHead.objects.select_for_update().get_or_create(
            pk=AuditHead.ID, defaults={"digest": chain.FIRST}
        )
        event = AuditEvent(
            number=head.number + 1,
            at=timezone.now(),
            kind=kind,
            outcome=outcome,
            way=origin.way,
            person_id=by.id if by is not None else None,
            person_name=_clean(by.name if by is not None else origin.name, most=200),
            person_email=_clean(by.email if by is not None else email, most=254),
            person_role=role.value if role is not None else "",
            customer_id=customer.pk if customer is not None else None,
            customer_name=_clean(customer.name, most=300) if customer is not None else "",
            target=_clean(target, most=300),
            before=_mask(before),
            after=_mask(after),
            operation=operation,
            address=origin.address[:60],
            request_id=origin.request_id,
            previous=head.digest,
        )
        event.search = _make_search_text(event)
        event.digest = chain.get_digest(event)
        event.save(force_insert=True)
        AuditHead.objects.filter(pk=head.pk).update(number=event.number, digest=event.digest)
    origin.recorded += 1


def record_once_a_minute(kind: str, *, about: str, **facts: Any) -> None:
    """As `record`, for what strangers can cause as often as they like: at most one event a minute for each `about`.

    `about` is an account or a network, such as `Attempt.network`. Those left out count as recorded.
    """
    digest = hashlib.sha256(about.encode("utf-8", "replace")).hexdigest()[:32]
    if cache.add(f"audit:{kind}:{digest}", 1, _REPEATED_AFTER_S):
        record(kind, **facts)
    elif (origin := _origin.get()) is not None:
        origin.recorded += 1


def _find_role(by: Person | None, customer: Customer | None) -> Role | None:
    """At the customer, or on the platform; of somebody who belongs to one customer, the role there."""
    if by is None:
        return None
    if customer is not None:
        return by.role_at(customer.pk)
    return by.staff or (next(iter(by.roles.values())) if len(by.roles) == 1 else None)


def _make_search_text(event: AuditEvent) -> str:
    """Customers' people search their own events, and must not find staff by name; staff search for names besides."""
    facts = [*(event.before or {}).values(), *(event.after or {}).values()]
    is_customers = event.person_role in {Role.OWNER, Role.VIEWER} or event.way in {Way.LINK, Way.NOBODY}
    who = [event.person_name, event.person_email] if is_customers else []
    words = [each for each in facts if isinstance(each, str)]
    return clean_text.make_search_key(event.target, event.customer_name, *words, *who)


def _clean(text: str, *, most: int) -> str:
    return clean_text.clean_line(_redactor.clean_text(text), most=most)


def _mask(facts: Mapping[str, Any] | None) -> Any:
    """As JSON that both databases give back unchanged, which a fraction might not be."""
    if facts is None:
        return None
    text = json.dumps(facts, cls=DjangoJSONEncoder)
    return _redactor.clean(json.loads(text, parse_float=str, parse_constant=str))
