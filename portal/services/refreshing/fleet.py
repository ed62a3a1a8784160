"""All deployments and all workspaces, in the background."""

import logging
import math
from datetime import datetime, timedelta

from portal import miosa
from portal.models import Customer, Deployment, Freshness
from portal.services import budget, connection
from portal.services.refreshing import tenancy, versions
from portal.services.refreshing.lease import get, lease, note_failure, want
from portal.services.remembering import customers, deployments, pointers

logger = logging.getLogger(__name__)

SWEEP = "sweep"
WORKSPACES = "workspaces"
WORKSPACES_EVERY = timedelta(minutes=10)
_MOST_VANISH = 0.1
_ALARM = "many_vanished"


def sweep_every() -> timedelta:
    """At most every minute, and never more than half of what background reading may ask."""
    pages = math.ceil(max(1, get(SWEEP).rows_read) / 100)
    return timedelta(seconds=max(60.0, pages / (budget.background_rate() / 2)))


def sweep(*, ask: miosa.Client, now: datetime) -> bool:
    """Read every deployment of the tenant, unfiltered. False if somebody else is at it. Raises miosa.MiosaError, WrongTenant."""
    with lease(SWEEP) as held:
        if held is None:
            return False
        seen_ids: set[int] = set()
        loop = False
        try:
            for page in ask.deployments.pages():
                rows = tenancy.admit(page.items)
                with held.writing():
                    for one in deployments.remember(rows, now=now):
                        seen_ids.add(one.deployment.pk)
                        _follow(one, now=now)
                    unreadable = [broken.id for broken in page.unreadable if broken.id]
                    seen_ids |= set(Deployment.objects.filter(miosa_id__in=unreadable).values_list("pk", flat=True))
                loop = loop or page.loop
        except miosa.MiosaError as error:
            note_failure(SWEEP, code=error.code, retry_at=None, now=now)
            raise
        with held.writing() as row:
            row.read_at, row.error, row.failed_at, row.wanted_at = now, "", None, None
            row.rows_read, row.is_complete = len(seen_ids), not loop
            if not loop:
                _mark_vanished(seen_ids, now=now)
                _mark_read(now)
    return True


def _mark_read(now: datetime) -> None:
    """Every customer's deployments have been read with the sweep."""
    new = Customer.objects.filter(freshness=None).values_list("pk", flat=True)
    Freshness.objects.bulk_create(
        [Freshness(scope=f"customer:{pk}", customer_id=pk) for pk in new], ignore_conflicts=True
    )
    Freshness.objects.exclude(customer=None).exclude(read_at__gt=now).update(read_at=now)


def _follow(one: deployments.Seen, *, now: datetime) -> None:
    """A new deployment's versions, and those of a moved pointer, are to be read soon."""
    if one.is_new or one.pointer_moved:
        want(versions.scope(one.deployment.pk), at=now)
    if not one.is_new and one.pointer_moved:
        pointers.settle(one.deployment, taken=None, now=now)


def _mark_vanished(seen_ids: set[int], *, now: datetime) -> None:
    """What an unfiltered, whole list does not hold is gone, unless it is so much that rather the list is wrong."""
    vanished = [one for one in Deployment.objects.filter(gone_at=None) if one.pk not in seen_ids]
    known = len(seen_ids) + len(vanished)
    if vanished and len(vanished) > known * _MOST_VANISH:
        connection.raise_alarm(
            _ALARM,
            f"{len(vanished)} of {known} deployments were not in MIOSA's list. Nothing was marked as gone. "
            "Check that the key belongs to the right tenant.",
        )
        return
    connection.clear_alarm(_ALARM)
    deployments.mark_gone(vanished, now=now)


def read_workspaces(*, ask: miosa.Client, now: datetime) -> bool:
    """The customers' names. False if somebody else is at it. Raises miosa.MiosaError."""
    with lease(WORKSPACES) as held:
        if held is None:
            return False
        try:
            for page in ask.workspaces.pages():
                with held.writing():
                    for place in page.items:
                        if isinstance(place.external_workspace_id, str) and place.external_workspace_id:
                            customers.name(place.external_workspace_id, name=place.name, workspace_id=place.id)
        except miosa.MiosaError as error:
            note_failure(WORKSPACES, code=error.code, retry_at=None, now=now)
            raise
        with held.writing() as row:
            row.read_at, row.error, row.failed_at, row.wanted_at = now, "", None, None
            row.is_complete = True
    return True
