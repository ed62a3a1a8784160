"""Background tasks (DEP-14).

A task carries a name only: lost, doubled or late it does no harm, since leases and tables hold the truth.
"""

import logging
from datetime import datetime

from django.utils import timezone
from django_tasks import task

from portal import miosa
from portal.models import Customer, Deployment
from portal.models.freshness import SWEEP
from portal.services import connection
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import customers, deployments, fleet, versions
from portal.services.sync.fetch.lease import LeaseLost

logger = logging.getLogger(__name__)


@task()
def read_scope(scope: str) -> None:
    """Read one thing again in the background. Trouble is noted beside it and logged; the ticker comes back to it."""
    ask, now = upstream.client(Purpose.BACKGROUND), timezone.now()
    try:
        _read(scope, ask, now)
    except miosa.BudgetSpent as spent:
        logger.debug("background reading waits", extra={"scope": scope, "seconds": spent.retry_after_s})
    except (miosa.MiosaError, connection.WrongTenant, LeaseLost) as error:
        logger.warning("background reading failed", extra={"scope": scope, "reason": str(error)})


def _read(scope: str, ask: miosa.Client, now: datetime) -> None:
    kind, _, key = scope.partition(":")
    if kind == SWEEP:
        fleet.sweep(ask=ask, now=now, most_pages=fleet.PAGES_AT_ONCE)
    elif kind == fleet.WORKSPACES:
        fleet.read_workspaces(ask=ask, now=now)
    elif kind == "customer":
        for customer in Customer.objects.filter(pk=key):
            customers.read(customer, ask=ask, now=now)
    elif kind == "deployment":
        for deployment in Deployment.objects.filter(pk=key, gone_at=None):
            deployments.read(deployment, ask=ask, now=now)
    elif kind == "versions":
        for deployment in Deployment.objects.filter(pk=key, gone_at=None):
            versions.read(deployment, ask=ask, now=now)
