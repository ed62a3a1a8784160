"""The worker's part: execute slow operations, take over from dead processes, reconcile, follow up and check apps.

Due operations are read from the table each time, and each step is claimed there first.
"""

from datetime import datetime
from typing import ClassVar

from django.db.models import Min
from django.utils import timezone

from portal.models import Operation
from portal.models.operations import DEAD_AFTER, is_moment_due
from portal.services.operations import check, reconcile
from portal.worker import Due, Source

_MOST_AT_ONCE = 50


class OperationSource(Source[Operation]):
    """Slow calls may hold their thread for a minute, so they have a limit of their own, and quick steps never wait.

    Both limits together leave some of the 20 connections to MIOSA for reading.
    """

    limits: ClassVar = {"operations": 8, "slow operations": 10}

    def find_due(self, *, now: datetime) -> Due[Operation]:
        return Due(list_due(now=now), _find_next(now=now))

    def key(self, item: Operation) -> str:
        return f"operation:{item.pk}"

    def group(self, item: Operation, *, now: datetime) -> str:
        return "slow operations" if reconcile.may_take_long(item, now=now) else "operations"

    def run(self, item: Operation, *, now: datetime) -> None:
        """The step itself claims the operation."""
        run_step(item)


def list_due(*, now: datetime) -> list[Operation]:
    """The operations with a step to do now, oldest first."""
    rows = Operation.objects.all()
    found: dict[int, Operation] = {}
    for due in (
        rows.unattended(now=now).filter(state=Operation.State.ACCEPTED),
        rows.unattended(now=now).filter(state=Operation.State.SENT),
        rows.due("next_read_at", now=now),
        rows.due("check_due_at", now=now),
    ):
        found |= {operation.pk: operation for operation in due.order_by("pk")[:_MOST_AT_ONCE]}
    return [found[pk] for pk in sorted(found)]


def run_step(operation: Operation) -> None:
    """One step of one operation."""
    now = timezone.now()
    if reconcile.is_due(operation, now=now):
        reconcile.step(operation, now=now)
    elif is_moment_due(operation.check_due_at, now=now):
        check.check_app(operation, now=now)


def _find_next(*, now: datetime) -> datetime | None:
    """When a process that works on an operation would count as dead, or the next read or check is due."""
    rows = Operation.objects.all()
    attended = rows.filter(
        state__in=(Operation.State.ACCEPTED, Operation.State.SENT), heartbeat_at__gt=now - DEAD_AFTER
    ).aggregate(at=Min("heartbeat_at"))["at"]
    moments = (
        attended and attended + DEAD_AFTER,
        rows.filter(next_read_at__gt=now).aggregate(at=Min("next_read_at"))["at"],
        rows.filter(check_due_at__gt=now).aggregate(at=Min("check_due_at"))["at"],
    )
    return min((at for at in moments if at is not None), default=None)
