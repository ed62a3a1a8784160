"""Refreshes for people: what a page shows is read again if it is stale, once for all, and nobody waits for long.

Pages call these before their query. `request_…` leaves reading to the worker; `refresh_…` reads MIOSA now.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import OperationalError
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Customer, Deployment, Freshness
from portal.models.freshness import FRESH_FOR, customer_scope, deployment_scope, versions_scope
from portal.permissions import Person
from portal.services import connection, durability, errors
from portal.services.sync import budget, scopes, single_flight, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import build_refresh, customer_refresh, deployment_refresh
from portal.services.sync.leases import LeaseLost
from portal.services.sync.limits import BEGIN_WITHIN_S, PAUSE_AFTER_FAILURE, WAIT_FOR_OTHERS_S

logger = logging.getLogger(__name__)

_POLL_S = 0.05
_READ_FIRST = 20
# What a refresh may raise. The page is shown from the tables all the same.
READ_ERRORS = (miosa.MiosaError, connection.WrongTenant, LeaseLost, OperationalError)


def request_customer_refresh(customer: Customer, row: Freshness, *, now: datetime) -> None:
    """The page is shown as it is; if it is stale, the worker reads it again. Waits 0.2 s at most."""
    if not _is_fresh(row, now=now) and not _is_requested(row, now=now):
        _request(customer_scope(customer.pk), now=now)


def refresh_customer_if_stale(customer: Customer, row: Freshness | None, *, wait: bool = False, now: datetime) -> bool:
    """Read the customer again if it is stale. A failure is noted and logged, not raised.

    False if it was fresh, so that nothing was tried. `wait`: nothing is stored yet, so if another thread or process is
    reading, wait for it, for 2.4 s at most.
    """
    if _is_fresh(row, now=now):
        return False
    scope = customer_scope(customer.pk)

    def read() -> None:
        is_ours = customer_refresh.refresh_customer(
            customer, client=_client(customer), now=now, when_listed=lambda: single_flight.finish_early(scope)
        )
        if wait and not is_ours:
            _wait_for_other_process(scope)

    if wait:
        single_flight.run_once(scope, lambda: _try(scope, read), wait_s=WAIT_FOR_OTHERS_S)
    else:
        _try(scope, read)
    return True


def request_deployment_refresh(deployment: Deployment, row: Freshness | None, *, now: datetime) -> None:
    """The page is shown as it is; if it is stale, the worker reads it again. Waits 0.2 s at most."""
    if deployment.gone_at is None and not _is_fresh(row, now=now) and not _is_requested(row, now=now):
        _request(deployment_scope(deployment.pk), now=now)


def refresh_deployment_if_stale(
    deployment: Deployment, row: Freshness | None, *, customer: Customer, now: datetime
) -> bool:
    """Read one deployment again if it is stale. A failure is noted and logged, not raised. False if nothing was tried.

    `customer`: from its share of the budget.
    """
    if deployment.gone_at or _is_fresh(row, now=now):
        return False
    _try(
        deployment_scope(deployment.pk),
        lambda: deployment_refresh.refresh_deployment(deployment, client=_client(customer), now=now),
    )
    return True


def refresh_customer_now(customer: Customer, *, by: Person, now: datetime) -> None:
    """Somebody pressed Refresh. Raises errors.Unavailable with a text for people."""
    _take_refresh(by)
    try:
        customer_refresh.refresh_customer(customer, client=_client(customer), now=now, force=True)
    except READ_ERRORS as error:
        raise upstream.to_unavailable(error) from error


def refresh_deployment_now(deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> None:
    """Somebody pressed Refresh. Raises errors.Unavailable with a text for people."""
    _take_refresh(by)
    try:
        deployment_refresh.refresh_deployment(deployment, client=_client(customer), now=now, force=True)
    except READ_ERRORS as error:
        raise upstream.to_unavailable(error) from error


def read_first(deployments: Iterable[Deployment], *, now: datetime) -> None:
    """An open page shows these, in this order: those never read are read before all else. Waits 0.2 s at most.

    An open page calls this again and again, so only the first few unread ones count each time. Those read long ago are
    read again, too.
    """
    read: list[Deployment] = []
    unread: list[Deployment] = []
    for deployment in deployments:
        (unread if deployment.is_unread or deployment.live_is_unread else read).append(deployment)
    if first := read + unread[:_READ_FIRST]:
        with durability.optional_write("what to read first"):
            scopes.watch((versions_scope(deployment.pk) for deployment in first), now=now)


def follow_builds(deployments: Iterable[Deployment], *, now: datetime) -> None:
    """An open page shows these: versions that are being built are read every few seconds. Waits 0.2 s at most."""
    with durability.optional_write("builds to follow"):
        build_refresh.request_reads(deployments, now=now)


def _client(customer: Customer) -> miosa.Client:
    return upstream.client(Purpose.READ, customer_id=customer.pk, within_s=BEGIN_WITHIN_S)


def _try(scope: str, read: Callable[[], object]) -> None:
    try:
        read()
    except READ_ERRORS as error:
        logger.warning("refresh failed", extra={"scope": scope, "reason": str(error)})


def _request(scope: str, *, now: datetime) -> None:
    """The page is shown even if the database takes no writes at the moment."""
    with durability.optional_write("refresh to request"):
        scopes.request_refresh(scope, at=now)


def _is_fresh(row: Freshness | None, *, now: datetime) -> bool:
    """Fresh, or tried so recently that trying again would only add to its load."""
    if row is None:
        return False
    if row.failed_at and timedelta(0) <= now - row.failed_at < PAUSE_AFTER_FAILURE:
        return True
    return row.read_at is not None and now - row.read_at < FRESH_FOR


def _is_requested(row: Freshness | None, *, now: datetime) -> bool:
    return row is not None and row.wanted_at is not None and row.wanted_at <= now


def _take_refresh(by: Person) -> None:
    try:
        budget.take_refresh(by.id)
    except miosa.BudgetSpent as error:
        seconds = round(error.retry_after_s or 1) or 1
        raise errors.Unavailable(
            _("You refreshed too often. Try again in %(seconds)s seconds.") % {"seconds": seconds},
            retry_after_s=seconds,
        ) from error


def _wait_for_other_process(scope: str) -> None:
    until = time.monotonic() + WAIT_FOR_OTHERS_S
    while time.monotonic() < until:
        row = Freshness.objects.get(scope=scope)
        if row.lease_until is None or row.read_at is not None:
            return
        time.sleep(_POLL_S)
