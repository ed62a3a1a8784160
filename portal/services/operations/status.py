"""One operation on its page: opening the page advances it, and a person can decide an unknown outcome."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.models import Operation
from portal.permissions import Permission, Person, who_can
from portal.services.errors import Forbidden, Invalid
from portal.services.operations import reconcile
from portal.services.operations.kinds import get_kind
from portal.services.queries.operations import OperationPage, find_row, get_page, may_decide
from portal.wakeup import notify_worker

CHOICES = ("happened", "did_not", "again")


def refresh_operation(*, by: Person, key: UUID, now: datetime) -> OperationPage:
    """Advance an unfinished operation, unless only the worker does that, and return it. Raises NotFound."""
    operation = find_row(by=by, key=key)
    if reconcile.is_due(operation, now=now):
        _step(operation, now=now)
    return get_page(operation, by=by, now=now)


def decide(*, by: Person, key: UUID, choice: str, now: datetime) -> OperationPage:
    """Record what a person knows of an unknown outcome: happened, did_not, or again (read MIOSA once more).

    Raises NotFound, Forbidden, Invalid.
    """
    operation = find_row(by=by, key=key)
    if not may_decide(operation, by=by):
        text = _("Only the person who requested it and the platform's staff can choose what happened.")
        raise Forbidden(text, who_can=who_can(Permission.OVERRIDE_OPERATION))
    if choice not in CHOICES:
        raise Invalid({"choice": _("Choose what happened.")})
    if choice == "again":
        unknown = Operation.objects.filter(pk=operation.pk, state=Operation.State.UNKNOWN)
        unknown.update(next_read_at=now)
        notify_worker()
        operation.refresh_from_db()
        _step(operation, now=now)
        return get_page(operation, by=by, now=now)
    if operation.state == Operation.State.UNKNOWN and not operation.needs_decision:
        raise Invalid({"choice": _("We are still checking. Wait a moment, then check again.")})
    reconcile.record_decision(operation, happened=choice == "happened", by_name=by.name, now=now)
    operation.refresh_from_db()
    return get_page(operation, by=by, now=now)


def _step(operation: Operation, *, now: datetime) -> None:
    """Slow kinds are left to the worker, since their calls may take a minute."""
    if get_kind(operation.kind).runs_in_worker:
        notify_worker()
        return
    reconcile.step(operation, now=now)
    operation.refresh_from_db()
