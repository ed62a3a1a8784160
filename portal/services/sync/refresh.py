"""When a person looks: read again what is stale, once for everybody, and never longer than a person waits."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import OperationalError
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Customer, Deployment, Freshness
from portal.models.freshness import FRESH_FOR, deployment_scope
from portal.permissions import Person
from portal.services import connection, errors
from portal.services.sync import budget, single_flight, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import customers, deployments, lease

logger = logging.getLogger(__name__)

# No request begins later than this; one that has begun may take its own deadline.
_PATIENCE_S = 1.5
_RETRY_AFTER_FAILURE = timedelta(seconds=10)
_WAIT_FOR_OTHERS_S = 2.4
# What reading again may meet. A page is drawn from memory all the same.
TROUBLE = (miosa.MiosaError, connection.WrongTenant, lease.LeaseLost, OperationalError)


def ask_for_customer(customer: Customer, row: Freshness, *, now: datetime) -> None:
    """A stale page is drawn as it is; the worker reads what it shows again."""
    if not _is_fresh(row, now=now) and (row.wanted_at is None or row.wanted_at > now):
        _want(customers.scope(customer.pk), now=now)


def customer_if_stale(customer: Customer, row: Freshness | None, *, wait: bool = False, now: datetime) -> bool:
    """Read the customer again if it is older than it may be. Trouble is noted, never raised: memory goes on being
    shown.

    False if it was fresh, so that nothing was tried. `wait`: nothing is remembered yet, so if somebody else is reading
    just now, wait until they have.
    """
    if _is_fresh(row, now=now):
        return False
    scope = customers.scope(customer.pk)

    def read() -> None:
        ask = upstream.client(Purpose.READ, customer_id=customer.pk, within_s=_PATIENCE_S)
        if not customers.read(customer, ask=ask, now=now, listed=lambda: single_flight.land(scope)) and wait:
            _wait(scope)

    if wait:
        single_flight.join(scope, lambda: _calmly(scope, read), patience_s=_WAIT_FOR_OTHERS_S)
    else:
        _calmly(scope, read)
    return True


def ask_for_deployment(deployment: Deployment, row: Freshness | None, *, now: datetime) -> None:
    """A stale page is drawn as it is; the worker reads what it shows again."""
    if deployment.gone_at is not None or _is_fresh(row, now=now):
        return
    if row is None or row.wanted_at is None or row.wanted_at > now:
        _want(deployment_scope(deployment.pk), now=now)


def deployment_if_stale(deployment: Deployment, row: Freshness | None, *, customer: Customer, now: datetime) -> bool:
    """Read one deployment again if it is older than it may be. Trouble is noted, never raised.

    False if nothing was tried.
    """
    if deployment.gone_at or _is_fresh(row, now=now):
        return False

    def read() -> None:
        ask = upstream.client(Purpose.READ, customer_id=customer.pk, within_s=_PATIENCE_S)
        deployments.read(deployment, ask=ask, now=now)

    _calmly(deployment_scope(deployment.pk), read)
    return True


def customer_now(customer: Customer, *, by: Person, now: datetime) -> None:
    """Somebody pressed Refresh. Raises errors.Unavailable with words."""
    _pay(by)
    ask = upstream.client(Purpose.READ, customer_id=customer.pk, within_s=_PATIENCE_S)
    try:
        customers.read(customer, ask=ask, now=now, force=True)
    except TROUBLE as error:
        raise unavailable(error) from error


def deployment_now(deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> None:
    """Somebody pressed Refresh. Raises errors.Unavailable with words."""
    _pay(by)
    ask = upstream.client(Purpose.READ, customer_id=customer.pk, within_s=_PATIENCE_S)
    try:
        deployments.read(deployment, ask=ask, now=now, force=True)
    except TROUBLE as error:
        raise unavailable(error) from error


def _calmly(scope: str, read: Callable[[], None]) -> None:
    try:
        read()
    except TROUBLE as error:
        logger.warning("refresh failed", extra={"scope": scope, "reason": str(error)})


def _want(scope: str, *, now: datetime) -> None:
    """Drawing a page goes on though the database takes no writes just now."""
    try:
        lease.want_softly(scope, at=now)
    except OperationalError as error:
        logger.warning("wish not noted", extra={"scope": scope, "reason": str(error)})


def _is_fresh(row: Freshness | None, *, now: datetime) -> bool:
    """Fresh, or tried so recently that trying again would only add to the trouble."""
    if row is None:
        return False
    if row.failed_at and timedelta(0) <= now - row.failed_at < _RETRY_AFTER_FAILURE:
        return True
    return row.read_at is not None and now - row.read_at < FRESH_FOR


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
    """Another process is reading: until it has, or for as long as a person waits."""
    until = time.monotonic() + _WAIT_FOR_OTHERS_S
    while time.monotonic() < until:
        row = Freshness.objects.get(scope=scope)
        if row.lease_until is None or row.read_at is not None:
            return
        time.sleep(0.05)


def unavailable(error: Exception) -> errors.Unavailable:
    if isinstance(error, miosa.BudgetSpent | miosa.RateLimited):
        seconds = round(error.retry_after_s or 10) or 1
        text = _("Many people are asking at once. We ask the hosting service again in %(seconds)s seconds.")
        return errors.Unavailable(text % {"seconds": seconds}, retry_after_s=seconds)
    if isinstance(error, lease.LeaseLost):
        return errors.Unavailable(_("Somebody else has just read this again. Reload the page."), retry_after_s=1)
    if isinstance(error, miosa.Refused):
        return errors.Unavailable(_("The hosting service refused to answer. What you see is what we last heard."))
    return errors.Unavailable(_("The hosting service can't be reached. What you see is what we last heard."))
