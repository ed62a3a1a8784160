"""Once a second in the worker: whatever is due is given to the queue, again if need be.

Constant work, no memory of its own.
"""

from datetime import datetime, timedelta

from django.db.models import Case, When
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from portal.models import Freshness
from portal.models.freshness import SWEEP
from portal.services.env_vars import sealing
from portal.services.sync import budget, tasks
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import fleet, lease, versions

_AT_ONCE = 8
# A task that was lost is given out again after this long.
_AGAIN = timedelta(seconds=45)
_AFTER_FAILURE = timedelta(seconds=15)


def tick(now: datetime | None = None) -> int:
    """Hand out what is due, and say how much it was. Nothing while background reading may not ask."""
    now = now or timezone.now()
    sealing.purge(now=now)
    if budget.wait_s(Purpose.BACKGROUND, now=now.timestamp()) > 0 or _is_behind():
        return 0
    due = [scope for scope in (_due_workspaces(now), _due_sweep(now)) if scope]
    # What somebody looks at goes before histories that are filled in behind.
    behind = Case(When(scope__startswith="versions:", then=1), default=0)
    wanted = Freshness.objects.filter(wanted_at__lte=now).order_by(behind, "wanted_at")
    due += [scope for scope in wanted.values_list("scope", flat=True)[:_AT_ONCE] if scope not in due]
    if len(due) < _AT_ONCE:
        due += [scope for scope in versions.list_quiet(now=now, most=1) if scope not in due]
    for scope in due:
        Freshness.objects.filter(scope=scope).update(wanted_at=now + _AGAIN)
        tasks.read_scope.enqueue(scope)
    return len(due)


def _is_behind() -> bool:
    """Whether the queue still holds what was given out: more would only wait there, and get old."""
    waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY, task_path=tasks.read_scope.module_path)
    return waiting.count() >= 2 * _AT_ONCE


def _due_workspaces(now: datetime) -> str:
    return fleet.WORKSPACES if _is_due(lease.get(fleet.WORKSPACES), fleet.WORKSPACES_EVERY, now=now) else ""


def _due_sweep(now: datetime) -> str:
    """After the workspaces were read once: an attribution by workspace is certain only then."""
    if lease.get(fleet.WORKSPACES).read_at is None and lease.get(fleet.WORKSPACES).failed_at is None:
        return ""
    return SWEEP if _is_due(lease.get(SWEEP), fleet.sweep_every(), now=now) else ""


def _is_due(row: Freshness, every: timedelta, *, now: datetime) -> bool:
    if row.wanted_at is not None:
        # Already handed out, or asked for; the list of wanted things brings it.
        return False
    if row.failed_at is not None and now - row.failed_at < _AFTER_FAILURE:
        return False
    return row.read_at is None or now - row.read_at >= every
