"""Reading MIOSA in the background: which scopes the worker reads again, and when."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from django.db.models import Case, Q, QuerySet, When

from portal import miosa
from portal.models import Bucket, Customer, Deployment, Freshness
from portal.models.freshness import SWEEP, WATCHED_FOR, WORKSPACES
from portal.services import connection, rates
from portal.services.sync import budget, scopes, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import build_refresh, customer_refresh, deployment_refresh, sweeps, version_refresh
from portal.services.sync.leases import LeaseLost
from portal.services.sync.limits import SWEEP_PAUSE_AFTER_FAILURE, WORKSPACES_FRESH
from portal.worker import Due, Source

logger = logging.getLogger(__name__)

_AT_ONCE = 2
_LISTED = 8
_PATIENCE_S = 3.0
_SWEEP_OVERDUE = timedelta(minutes=30)
# A claimed scope is due again after this long, in case the worker that claimed it died.
_CLAIM_LASTS = timedelta(seconds=45)


class SyncSource(Source[Freshness]):
    """Scopes that are due: what somebody looks at, the regular sweeps, what was requested, and what was never read or
    not for hours. Each may be read if the budget has something left for its purpose.
    """

    limits: ClassVar = {"sync": _AT_ONCE, "fill": _AT_ONCE}

    def find_due(self, *, now: datetime) -> Due[Freshness]:
        bucket = Bucket.objects.filter(key=rates.get_installation_share().key).first()
        planned = list(_list_planned(now=now))
        due = _list_watched(now=now) | {row.scope: row for row, at in planned if at <= now}
        due |= _list_requested(now=now)
        if len(due) < _LISTED:
            due |= {row.scope: row for row in version_refresh.list_quiet(now=now)[:1]}
        purposes = {get_purpose(row, now=now) for row in due.values()}
        waits_s = {one: budget.wait_s(one, bucket=bucket, now=now.timestamp()) for one in purposes}
        later = [now + timedelta(seconds=wait_s) for wait_s in waits_s.values() if wait_s > 0]
        affordable = tuple(row for row in due.values() if not waits_s[get_purpose(row, now=now)])
        return Due(affordable, min((*later, *_list_next(planned, now=now)), default=None))

    def key(self, item: Freshness) -> str:
        return f"sync:{item.scope}"

    def group(self, item: Freshness, *, now: datetime) -> str:
        """What waits for the budget takes no thread from what people wait for."""
        return "fill" if get_purpose(item, now=now) is Purpose.FILL else "sync"

    def claim(self, item: Freshness, *, now: datetime) -> bool:
        as_seen = Freshness.objects.filter(pk=item.pk, wanted_at=item.wanted_at)
        return bool(as_seen.update(wanted_at=now + _CLAIM_LASTS))

    def run(self, item: Freshness, *, now: datetime) -> None:
        """Read one scope again. A failure is noted in its row and logged; it is due again later."""
        client = upstream.client(get_purpose(item, now=now), patience_s=_PATIENCE_S)
        try:
            read_scope(item.scope, client, now=now)
        except miosa.BudgetSpent as spent:
            logger.debug("background reading waits", extra={"scope": item.scope, "seconds": spent.retry_after_s})
        except (miosa.MiosaError, connection.WrongTenant, LeaseLost) as error:
            logger.warning("background reading failed", extra={"scope": item.scope, "reason": str(error)})


def get_purpose(row: Freshness, *, now: datetime) -> Purpose:
    """People wait for what an open page shows. Nobody waits for a history that was never read or not for hours, nor for
    a sweep, unless the last one is long ago.
    """
    if row.wanted_at is not None and row.watched_at is not None and now - row.watched_at < WATCHED_FOR:
        return Purpose.READ
    if row.scope.startswith("version:"):
        return Purpose.PROGRESS
    if row.scope in (SWEEP, WORKSPACES):
        is_regular = row.read_at is not None and now - row.read_at < _SWEEP_OVERDUE
        return Purpose.FILL if is_regular else Purpose.BACKGROUND
    is_history = row.scope.startswith("versions:")
    is_unread = row.read_at is None or row.wanted_at is None
    return Purpose.FILL if is_history and is_unread else Purpose.BACKGROUND


def read_scope(scope: str, client: miosa.Client, *, now: datetime) -> None:
    """Raises miosa.MiosaError, WrongTenant, LeaseLost."""
    kind, _, key = scope.partition(":")
    if kind == SWEEP:
        sweeps.sweep_deployments(client=client, now=now, most_pages=sweeps.PAGES_PER_RUN)
    elif kind == WORKSPACES:
        sweeps.sweep_workspaces(client=client, now=now)
    elif kind == "customer":
        for customer in Customer.objects.select_related("connection").filter(pk=key):
            customer_refresh.refresh_customer(customer, client=client, now=now)
    else:
        pk, _, version_id = key.partition(":")
        for deployment in _list_deployments(scope, pk):
            _read_of_deployment(kind, deployment, version_id, client, now=now)


def _read_of_deployment(
    kind: str, deployment: Deployment, version_id: str, client: miosa.Client, *, now: datetime
) -> None:
    if kind == "deployment":
        deployment_refresh.refresh_deployment(deployment, client=client, now=now)
    elif kind == "versions":
        version_refresh.refresh_versions(deployment, client=client, now=now)
    elif kind == "version":
        build_refresh.refresh_build(deployment, version_id, client=client, now=now)


def _list_deployments(scope: str, key: str) -> QuerySet[Deployment]:
    """The one deployment; none, and nothing planned any more, if it is gone."""
    found = Deployment.objects.filter(pk=key, gone_at=None)
    if not found.exists():
        Freshness.objects.filter(scope=scope).update(wanted_at=None)
    return found


def _list_watched(*, now: datetime) -> dict[str, Freshness]:
    watched = Freshness.objects.filter(wanted_at__lte=now, watched_at__gt=now - WATCHED_FOR)
    return {row.scope: row for row in watched.order_by("watched_at", "pk")[:_LISTED]}


def _list_requested(*, now: datetime) -> dict[str, Freshness]:
    """Histories come last: those of deployments that changed, then those that were never read."""
    is_history = Q(scope__startswith="versions:")
    rank = Case(When(~is_history, then=0), When(read_at__isnull=False, then=1), default=2)
    requested = Freshness.objects.filter(wanted_at__lte=now).order_by(rank, "wanted_at", "pk")
    return {row.scope: row for row in requested[:_LISTED]}


def _list_planned(*, now: datetime) -> Iterator[tuple[Freshness, datetime]]:
    """The regular sweeps that nobody requested, each with the time it is due.

    Workspaces come before the first sweep: an attribution by workspace is certain only then.
    """
    rows = scopes.list_freshness([WORKSPACES, SWEEP])
    workspaces, sweep = rows[WORKSPACES], rows[SWEEP]
    if workspaces.wanted_at is None:
        yield workspaces, _due_at(workspaces, every=WORKSPACES_FRESH, now=now)
    if sweep.wanted_at is None and (workspaces.read_at or workspaces.failed_at):
        is_filling = Deployment.objects.unread().exists()
        yield sweep, _due_at(sweep, every=rates.sweep_interval(sweep.rows_read, is_filling=is_filling), now=now)


def _due_at(row: Freshness, *, every: timedelta, now: datetime) -> datetime:
    after_failure = row.failed_at + SWEEP_PAUSE_AFTER_FAILURE if row.failed_at else now
    return max(after_failure, row.read_at + every if row.read_at else now)


def _list_next(planned: list[tuple[Freshness, datetime]], *, now: datetime) -> list[datetime]:
    """When the next planned scope is due, and the next requested one."""
    later = [at for _row, at in planned if at > now]
    requested = Freshness.objects.filter(wanted_at__gt=now).order_by("wanted_at").values_list("wanted_at", flat=True)
    return later + [at for at in requested[:1] if at is not None]
