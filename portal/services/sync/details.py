"""What stands beside a deployment and is read when somebody looks: its domains, the names of its env vars.

However many look, one reads (a lease); what began before a change of ours is not written after it; a failure rests.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from portal import miosa
from portal.models import Customer, Deployment, Freshness
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import lease
from portal.services.sync.fetch.lease import Lease, LeaseLost

logger = logging.getLogger(__name__)
T = TypeVar("T")

FRESH = timedelta(seconds=60)
_REST = timedelta(seconds=10)


@dataclass(frozen=True)
class Detail(Generic[T]):
    """`ask` brings it from MIOSA, `remember` writes it down as of a moment."""

    kind: str
    ask: Callable[[Deployment, miosa.Client], T]
    remember: Callable[[Deployment, T, datetime], None]

    def scope(self, deployment_id: int) -> str:
        return f"{self.kind}:{deployment_id}"

    def read_if_stale(self, deployment: Deployment, *, customer: Customer, now: datetime) -> None:
        """Trouble is noted, never raised: memory goes on being shown."""
        scope = self.scope(deployment.pk)
        if deployment.gone_at is not None or not _is_due(lease.get(scope), now=now):
            return
        with lease.lease(scope) as held:
            # Somebody else may have read it, or failed to, while we were on our way.
            if held is None or not _is_due(lease.get(scope), now=now):
                return
            try:
                self._read(deployment, held, upstream.client(Purpose.READ, customer_id=customer.pk), now=now)
            except (miosa.MiosaError, LeaseLost) as error:
                logger.info("detail not read", extra={"scope": scope, "reason": str(error)})

    def read(self, deployment: Deployment, *, ask: miosa.Client, now: datetime) -> T:
        """After a change of our own: what an older reader brings is not written any more. Raises miosa.MiosaError."""
        scope = self.scope(deployment.pk)
        lease.overtake(scope)
        with lease.lease(scope) as held:
            if held is not None:
                try:
                    return self._read(deployment, held, ask, now=now)
                except LeaseLost:
                    logger.info("detail changed again", extra={"scope": scope})
            # Whoever reads by now began after the change; what we tell is our own look.
            return self.ask(deployment, ask)

    def _read(self, deployment: Deployment, held: Lease, ask: miosa.Client, *, now: datetime) -> T:
        try:
            found = self.ask(deployment, ask)
        except miosa.MiosaError as error:
            lease.note_failure(held.scope, code=error.code, retry_at=None, now=now)
            raise
        with held.writing() as row:
            self.remember(deployment, found, now)
            lease.note_done(row, now=now)
        return found


def _is_due(row: Freshness, *, now: datetime) -> bool:
    if row.failed_at is not None and timedelta(0) <= now - row.failed_at < _REST:
        return False
    return row.read_at is None or not timedelta(0) <= now - row.read_at < FRESH
