"""When a person looks: read again what is stale, once for everybody, and never longer than a person waits."""

import logging
import time
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal import miosa
from portal.access import Person
from portal.models import Customer, Deployment, Freshness
from portal.services import budget, connection, errors, upstream
from portal.services.budget import Purpose
from portal.services.refreshing import customers, deployments, lease

logger = logging.getLogger(__name__)

_PATIENCE_S = 2.0
_RETRY_AFTER_FAILURE = timedelta(seconds=10)
_WAIT_FOR_OTHERS_S = 2.4


def ask_for_customer(customer: Customer, row: Freshness, *, now: datetime) -> None:
    """A stale page is drawn as it is; the worker reads what it shows again."""
    if not _is_fresh(row, fresh=customers.FRESH, now=now) and (row.wanted_at is None or row.wanted_at > now):
        lease.want(customers.scope(customer.pk), at=now)


def customer_if_stale(customer: Customer, row: Freshness | None, *, wait: bool = False, now: datetime) -> bool:
    """Read the customer again if it is older than it may be. Trouble is noted, never raised: memory goes on being shown.

    False if it was fresh, so that nothing was tried. `wait`: nothing is remembered yet, so if somebody else is reading just now, wait until they have.
    """
    if _is_fresh(row, fresh=customers.FRESH, now=now):
        return False
    try:
        done = customers.read(
            customer,
            ask=upstream.client(Purpose.READ, customer_id=customer.pk),
            now=now,
            within_s=_PATIENCE_S,
        )
    except (miosa.MiosaError, connection.WrongTenant, lease.LeaseLost) as error:
        logger.warning("refresh failed", extra={"scope": customers.scope(customer.pk), "reason": str(error)})
        return True
    if not done and wait:
        _wait(customers.scope(customer.pk))
    return True


def ask_for_deployment(deployment: Deployment, row: Freshness | None, *, now: datetime) -> None:
    """A stale page is drawn as it is; the worker reads what it shows again."""
    if deployment.gone_at is None and not _is_fresh(row, fresh=deployments.FRESH, now=now):
        lease.want(deployments.scope(deployment.pk), at=now)


def deployment_if_stale(deployment: Deployment, row: Freshness | None, *, customer: Customer, now: datetime) -> bool:
    """Read one deployment again if it is older than it may be. Trouble is noted, never raised. False if nothing was tried."""
    if deployment.gone_at or _is_fresh(row, fresh=deployments.FRESH, now=now):
        return False
    try:
        deployments.read(deployment, ask=upstream.client(Purpose.READ, customer_id=customer.pk), now=now)
    except (miosa.MiosaError, connection.WrongTenant, lease.LeaseLost) as error:
        logger.warning("refresh failed", extra={"scope": deployments.scope(deployment.pk), "reason": str(error)})
    return True


def customer_now(customer: Customer, *, by: Person, now: datetime) -> None:
    """Somebody pressed Refresh. Raises errors.Unavailable with words."""
    _pay(by)
    try:
        customers.read(
            customer,
            ask=upstream.client(Purpose.READ, customer_id=customer.pk),
            now=now,
            force=True,
            within_s=_PATIENCE_S,
        )
    except (miosa.MiosaError, connection.WrongTenant, lease.LeaseLost) as error:
        raise unavailable(error) from error


def deployment_now(deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> None:
    """Somebody pressed Refresh. Raises errors.Unavailable with words."""
    _pay(by)
    try:
        ask = upstream.client(Purpose.READ, customer_id=customer.pk)
        deployments.read(deployment, ask=ask, now=now, force=True)
    except (miosa.MiosaError, connection.WrongTenant, lease.LeaseLost) as error:
        raise unavailable(error) from error


def _is_fresh(row: Freshness | None, *, fresh: timedelta, now: datetime) -> bool:
    """Fresh, or tried so recently that trying again would only add to the trouble."""
    if row is None:
        return False
    if row.failed_at and now - row.failed_at < _RETRY_AFTER_FAILURE:
        return True
    return row.read_at is not None and now - row.read_at < fresh


def _pay(by: Person) -> None:
    try:
        budget.take_refresh(by.id)
    except miosa.BudgetSpent as error:
        seconds = round(error.retry_after_s or 1) or 1
        raise errors.Unavailable(
            _("You have refreshed often in the last minute. Try again in %(seconds)s seconds.") % {"seconds": seconds},
            retry_after_s=seconds,
        ) from error


def _wait(scope: str) -> None:
    until = time.monotonic() + _WAIT_FOR_OTHERS_S
    while time.monotonic() < until:
        row = Freshness.objects.get(scope=scope)
        if row.lease_until is None:
            return
        time.sleep(0.05)


def unavailable(error: Exception) -> errors.Unavailable:
    if isinstance(error, miosa.BudgetSpent | miosa.RateLimited):
        seconds = round(error.retry_after_s or 10) or 1
        text = _("Many people are asking at once. We ask the hosting service again in %(seconds)s seconds.")
        return errors.Unavailable(text % {"seconds": seconds}, retry_after_s=seconds)
    if isinstance(error, miosa.Refused):
        return errors.Unavailable(_("The hosting service refused to answer. What you see is what we last heard."))
    return errors.Unavailable(_("The hosting service can't be reached. What you see is what we last heard."))
