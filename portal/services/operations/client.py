"""The MIOSA client for one operation: its requests have priority in the budget, and nothing is sent too late."""

import time
from datetime import timedelta

from django.db import OperationalError
from django.utils import timezone

from portal import miosa
from portal.models import Operation
from portal.models.operations import SENDABLE_FOR
from portal.services import durability
from portal.services.sync import budget, upstream
from portal.services.sync.budget import Purpose

_WAIT_FOR_TOKEN_S = 2.0
_SHORTEST_DEADLINE_S = 0.1
# Reading for an operation that was sent longer ago is as urgent as any page.
_URGENT_FOR = timedelta(seconds=5)


class TooLate(miosa.BudgetSpent):
    """Its minute is over, it has another runner, or its values are no longer kept: nothing was sent."""

    code = "too_late"


def client_for(operation: Operation, *, deadline_s: float | None = None) -> miosa.Client:
    """Each request waits up to 2 s for a token of the budget. Requests that change something raise TooLate."""

    def gate(attempt: miosa.Attempt) -> None:
        is_urgent = operation.sent_at is None or timezone.now() - operation.sent_at < _URGENT_FOR
        _take_token(Purpose.ACTION if attempt.is_change or is_urgent else Purpose.READ)
        if not attempt.is_change:
            return
        # Checked right before sending: this process may have been suspended and replaced since it wrote the row.
        still_ours = Operation.objects.sendable(now=timezone.now()).filter(
            pk=operation.pk, runner=operation.runner, attempts=operation.attempts, state=Operation.State.SENT
        )
        if not still_ours.exists():
            raise TooLate

    return upstream.bind(gate, deadline_s=deadline_s or miosa.READ_DEADLINE_S, request_id=operation.key.hex)


def get_call_deadline_s(operation: Operation, deadline_s: float) -> float:
    """A repeat gets no more than the rest of the minute, since it leaves its lane afterwards."""
    if operation.attempts <= 1:
        return deadline_s
    left = operation.requested_at + SENDABLE_FOR - timezone.now()
    return max(_SHORTEST_DEADLINE_S, min(deadline_s, left.total_seconds()))


def _take_token(purpose: Purpose) -> None:
    """Raises miosa.BudgetSpent."""
    until = time.monotonic() + _WAIT_FOR_TOKEN_S
    while True:
        try:
            with durability.lock_wait(durability.CHANGE_WAIT_MS):
                budget.take(purpose)
            return
        except OperationalError as error:
            raise miosa.BudgetSpent("the database is busy", retry_after_s=1) from error
        except miosa.BudgetSpent as spent:
            wait = spent.retry_after_s or 0.1
            if time.monotonic() + wait > until:
                raise
        time.sleep(wait)
