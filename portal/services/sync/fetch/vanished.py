"""Deployments that MIOSA does not list any more: gone, unless so many are missing that the list must be wrong."""

from collections.abc import Sequence
from datetime import datetime

from portal import miosa
from portal.models import Connection, Deployment
from portal.models.freshness import SWEEP
from portal.services import connection
from portal.services.sync import scopes
from portal.services.sync.fetch.session import Session, confirm_tenant
from portal.services.sync.upsert import deployment_rows

ALARM = "many_vanished"
_LARGEST_SHARE = 0.1


def mark_unknown(session: Session, missing: Sequence[Deployment]) -> None:
    """MIOSA, asked for each of these by its id, answered that it does not know it.

    Believed if the key is our tenant's and lists other deployments; else it is left to the sweep, which sees them all.
    Raises WrongTenant.
    """
    try:
        confirm_tenant(session.client)
        others = session.client.deployments.list(limit=1)
    except miosa.MiosaError:
        others = None
    lists_others = bool(others and (others.items or others.unreadable))
    if lists_others and not _are_too_many(len(missing), known=Deployment.objects.filter(gone_at=None).count()):
        deployment_rows.mark_deployments_gone(missing, now=session.now)
    else:
        scopes.request_refresh(SWEEP, at=session.now)


def mark_unlisted(vanished: Sequence[Deployment], *, known: int, now: datetime) -> bool:
    """What an unfiltered, whole list does not hold. False, with an alarm, if it is so much that nothing was marked."""
    accepted = Connection.objects.filter(pk=1, alarm=ALARM, accepts_vanished=True).exists()
    if _are_too_many(len(vanished), known=known) and not accepted:
        connection.raise_alarm(
            ALARM,
            f"{len(vanished)} of {known} deployments were not in MIOSA's list. Nothing was marked as gone. "
            "Check that the key belongs to the right tenant.",
        )
        return False
    connection.clear_alarm(ALARM)
    deployment_rows.mark_deployments_gone(vanished, now=now)
    return True


def _are_too_many(vanished: int, *, known: int) -> bool:
    """More than a tenth of what is known. A single one is believed, unless it was the only one."""
    return vanished > known * _LARGEST_SHARE and not (vanished == 1 and known > 1)
