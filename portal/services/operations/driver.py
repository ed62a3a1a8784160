"""In the worker: carries out slow operations, finishes those of a dead process, resolves unknown ones, checks what is
live.

What is due is read from the tables each time, and each step is claimed there first.
"""

from datetime import datetime
from typing import ClassVar

from django.db.models import Min
from django.utils import timezone

from portal.models import Operation
from portal.services.operations import beats, checking, due, settling
from portal.worker import Due, Source

_LISTED = 50


class OperationSource(Source[Operation]):
    """Slow calls may hold their thread for a minute, so they have their own limit, and quick steps never wait for them.

    Both limits together leave some of the 20 connections to MIOSA to reading.
    """

    limits: ClassVar = {"operations": 8, "slow operations": 10}

    def find_due(self, *, now: datetime) -> Due[Operation]:
        return Due(list_due(now=now), _find_next(now=now))

    def key(self, item: Operation) -> str:
        return f"operation:{item.pk}"

    def group(self, item: Operation, *, now: datetime) -> str:
        return "slow operations" if settling.may_take_long(item, now=now) else "operations"

    def run(self, item: Operation, *, now: datetime) -> None:
        """The step itself claims the operation (`beats.claim`, `checking.check`)."""
        work(item)


def list_due(*, now: datetime) -> list[Operation]:
    """The operations that a turn has something to do for, oldest first."""
    accepted = Operation.objects.filter(beats.nobody(now), state=Operation.State.ACCEPTED)
    left = Operation.objects.filter(beats.nobody(now), state=Operation.State.SENT)
    to_look = Operation.objects.filter(due.rows("look_at", now=now))
    to_check = Operation.objects.filter(due.rows("check_due_at", now=now))
    found: dict[int, Operation] = {}
    for rows in (accepted, left, to_look, to_check):
        found |= {operation.pk: operation for operation in rows.order_by("pk")[:_LISTED]}
    return [found[pk] for pk in sorted(found)]


def work(operation: Operation) -> None:
    """One step of one operation."""
    now = timezone.now()
    if settling.is_due(operation, now=now):
        settling.step(operation, now=now)
    elif due.is_due(operation.check_due_at, now=now):
        checking.check(operation, now=now)


def _find_next(*, now: datetime) -> datetime | None:
    """When a process that carries an operation out would count as dead, or the next check is due."""
    running = Operation.objects.filter(
        state__in=[Operation.State.ACCEPTED, Operation.State.SENT], beat_at__gt=now - beats.DEAD_AFTER
    )
    beat_at = running.aggregate(at=Min("beat_at"))["at"]
    moments = [
        beat_at and beat_at + beats.DEAD_AFTER,
        Operation.objects.filter(look_at__gt=now).aggregate(at=Min("look_at"))["at"],
        Operation.objects.filter(check_due_at__gt=now).aggregate(at=Min("check_due_at"))["at"],
    ]
    return min((at for at in moments if at is not None), default=None)
