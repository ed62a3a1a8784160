"""What belongs to a deployment and is read when somebody opens its page: domains, names of env vars.

However many people look, one of them reads (under a lease). What was requested before a change of ours is not stored
after it. After a failure nothing is requested for ten seconds.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.db import OperationalError

from portal import miosa
from portal.models import Customer, Deployment, Freshness
from portal.services.sync import scopes, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.leases import Lease, LeaseLost, take_lease
from portal.services.sync.limits import DETAILS_FRESH, PAUSE_AFTER_FAILURE

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Detail(Generic[T]):
    """`fetch` reads it from MIOSA, `store` writes it into our tables as of a time. `kind` names its scope."""

    kind: str
    fetch: Callable[[Deployment, miosa.Client], T]
    store: Callable[[Deployment, T, datetime], None]

    def scope(self, deployment_id: int) -> str:
        return f"{self.kind}:{deployment_id}"

    def read_if_stale(self, deployment: Deployment, *, customer: Customer, now: datetime) -> None:
        """A failure is noted and logged, not raised. `customer`: from its share of the budget."""
        self.read_with(upstream.client(Purpose.READ, customer_id=customer.pk), deployment, now=now)

    def read_with(self, client: miosa.Client, deployment: Deployment, *, now: datetime) -> None:
        """As `read_if_stale`, with a client that takes its requests from another share of the budget."""
        scope = self.scope(deployment.pk)
        try:
            row = scopes.get_freshness(scope)
            if deployment.gone_at is not None or not _is_due(row, now=now):
                return
            with take_lease(scope, row=row) as lease:
                if lease is not None:
                    self._read(deployment, lease, client, now=now)
        except (miosa.MiosaError, LeaseLost, OperationalError) as error:
            logger.info("detail not read", extra={"scope": scope, "reason": str(error)})

    def read(self, deployment: Deployment, *, client: miosa.Client, now: datetime) -> T:
        """After a change of ours: reads that began before it are not stored any more. Raises miosa.MiosaError."""
        scope = self.scope(deployment.pk)
        scopes.discard_running_reads(scope)
        with take_lease(scope) as lease:
            if lease is not None:
                try:
                    return self._read(deployment, lease, client, now=now)
                except LeaseLost:
                    logger.info("detail changed again", extra={"scope": scope})
            # Another process reads it by now, and began after the change: ours need not be stored.
            return self.fetch(deployment, client)

    def _read(self, deployment: Deployment, lease: Lease, client: miosa.Client, *, now: datetime) -> T:
        try:
            found = self.fetch(deployment, client)
        except miosa.MiosaError as error:
            scopes.note_failure(lease.scope, code=error.code, retry_at=None, now=now)
            raise
        with lease.writing() as row:
            self.store(deployment, found, now)
            scopes.note_success(row, now=now)
            lease.end(row)
        return found


def _is_due(row: Freshness, *, now: datetime) -> bool:
    if row.failed_at is not None and timedelta(0) <= now - row.failed_at < PAUSE_AFTER_FAILURE:
        return False
    return row.read_at is None or not timedelta(0) <= now - row.read_at < DETAILS_FRESH
