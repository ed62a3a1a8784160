"""Deployments MIOSA does not show any more: gone, unless so many that rather the key or the list is wrong."""

from collections.abc import Sequence
from datetime import datetime

from portal import miosa
from portal.models import Connection, Deployment
from portal.services import connection
from portal.services.sync.fetch import tenancy
from portal.services.sync.fetch.lease import want
from portal.services.sync.fetch.session import Session
from portal.services.sync.upsert import deployments

ALARM = "many_vanished"
_MOST = 0.1


def one_by_one(session: Session, missing: Sequence[Deployment]) -> None:
    """MIOSA, asked for each of these by its id, answered that it does not know it.

    Believed if the key is our tenant's and lists other deployments; else it is left to the sweep, which sees them all.
    """
    try:
        tenancy.confirm(session.client)
        others = session.client.deployments.list(limit=1)
    except miosa.MiosaError:
        others = None
    shown = bool(others and (others.items or others.unreadable))
    if shown and not _are_too_many(len(missing), known=Deployment.objects.filter(gone_at=None).count()):
        deployments.mark_gone(missing, now=session.now)
    else:
        want("sweep", at=session.now)


def after_sweep(vanished: Sequence[Deployment], *, known: int, now: datetime) -> bool:
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
    deployments.mark_gone(vanished, now=now)
    return True


def _are_too_many(vanished: int, *, known: int) -> bool:
    """More than a tenth of what is known. A single one is believed, if it was not the only one."""
    return vanished > known * _MOST and not (vanished == 1 and known > 1)
