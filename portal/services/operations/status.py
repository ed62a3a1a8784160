"""One operation on its page: taken a step further when the page is opened, or decided by a person."""

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
    """Take an unfinished operation one step further, unless that is the worker's, and show it. Raises NotFound."""
    operation = find_row(by=by, key=key)
    if reconcile.is_due(operation, now=now):
        _step(operation, now=now)
    return get_page(operation, by=by, now=now)


def decide(*, by: Person, key: UUID, choice: str, now: datetime) -> OperationPage:
    """Say what nobody can find out: happened, did_not, or again (read once more).

    Raises NotFound, Forbidden, Invalid.
    """
    operation = find_row(by=by, key=key)
    if not may_decide(operation, by=by):
        text = _("Only the person who requested it, or the platform's people, can say what happened.")
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
        raise Invalid({"choice": _("We are still finding out. Wait a moment, then check again.")})
    reconcile.settle_by_decision(operation, happened=choice == "happened", by_name=by.name, now=now)
    operation.refresh_from_db()
    return get_page(operation, by=by, now=now)


def _step(operation: Operation, *, now: datetime) -> None:
    """What takes long is executed, read and repeated by the worker alone: no page waits a minute for it."""
    if get_kind(operation.kind).runs_in_worker:
        notify_worker()
        return
    reconcile.step(operation, now=now)
    operation.refresh_from_db()
