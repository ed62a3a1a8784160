"""Deployments read singly: those a list did not bring, or somebody looks at."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Deployment
from portal.models.freshness import FRESH_FOR, deployment_scope
from portal.services.connection import WrongTenant
from portal.services.sync.fetch import tenancy, vanishing, versions
from portal.services.sync.fetch.lease import LeaseLost, lease, note_done, note_failure, want
from portal.services.sync.upsert import deployments, pointers
from portal.services.sync.upsert.deployments import Seen


@dataclass(slots=True)
class Asked:
    """What asking for deployments one by one brought. `missing`: MIOSA says that it does not know them.

    `illegible`: the last answer that nobody could read.
    """

    seen: list[Seen] = field(default_factory=list)
    missing: list[Deployment] = field(default_factory=list)
    illegible: miosa.BadAnswer | None = None


def read(
    deployment: Deployment, *, ask: miosa.Client, now: datetime, force: bool = False, most_pages: int | None = 1
) -> bool:
    """One deployment again, and its versions if their minute is over, it moved, or `force`. False if somebody else
    reads it.

    Raises miosa.MiosaError, WrongTenant, LeaseLost.
    """
    with lease(deployment_scope(deployment.pk)) as held:
        if held is None:
            return False
        if held.is_late(fresh=timedelta(0) if force else FRESH_FOR, now=now):
            return True
        try:
            asked = ask_singly([deployment], ask=ask)
            if asked.illegible:
                raise asked.illegible
            if asked.missing:
                vanishing.one_by_one(asked.missing, ask=ask, now=now)
            for one in asked.seen:
                read_versions(one, ask=ask, now=now, force=force, most_pages=most_pages)
        except (miosa.MiosaError, WrongTenant) as error:
            note_failure(held.scope, code=error.code, retry_at=None, now=now)
            raise
        with held.writing() as row:
            note_done(row, now=now)
    return True


def ask_singly(asked: Iterable[Deployment], *, ask: miosa.Client) -> Asked:
    """Ask for each of these, and remember those that are there. A row that can't be read stays as it was."""
    found = Asked()
    for deployment in asked:
        asked_at = timezone.now()
        try:
            row = ask.deployments.get(deployment.miosa_id)
        except miosa.NotFound:
            found.missing.append(deployment)
            continue
        except miosa.BadAnswer as error:
            found.illegible = error
            continue
        if row.id == deployment.miosa_id:
            found.seen += deployments.remember(tenancy.admit([row]), now=asked_at)
        else:
            found.illegible = miosa.BadAnswer("another deployment than was asked for", sent=True)
    return found


def read_versions(seen: Seen, *, ask: miosa.Client, now: datetime, force: bool, most_pages: int | None) -> None:
    """Read the versions of a deployment just seen where that can bring something. Raises miosa.MiosaError."""
    deployment = seen.deployment
    if not (seen.pointer_moved or force or versions.is_due(deployment, now=now)):
        return
    try:
        versions.read(deployment, ask=ask, now=now, most_pages=most_pages)
    except LeaseLost:
        # Somebody else knows better by now.
        want(versions.scope(deployment.pk), at=now)
    except miosa.MiosaError:
        pointers.follow(deployment)
        raise
