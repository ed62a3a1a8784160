"""Deployments read one by one: those a list did not bring, or somebody looks at."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Deployment, Freshness
from portal.models.freshness import FRESH_FOR, deployment_scope
from portal.services.connection import WrongTenant
from portal.services.sync.fetch import vanishing, versions
from portal.services.sync.fetch.lease import LeaseLost, get, lease, note_done, note_failure, want
from portal.services.sync.fetch.session import Session
from portal.services.sync.upsert import deployments, pointers
from portal.services.sync.upsert.deployments import Seen


@dataclass(slots=True)
class Asked:
    """What requesting deployments one by one brought. `missing`: MIOSA answered that it does not know them.

    `illegible`: the last answer that could not be read.
    """

    seen: list[Seen] = field(default_factory=list)
    missing: list[Deployment] = field(default_factory=list)
    illegible: miosa.BadAnswer | None = None


def read(
    deployment: Deployment, *, ask: miosa.Client, now: datetime, force: bool = False, most_pages: int | None = 1
) -> bool:
    """Read one deployment again, and its versions if they are due, its live pointer moved, or `force`.

    False if another process is reading it. Raises miosa.MiosaError, WrongTenant, LeaseLost.
    """
    session = Session(ask, now, force=force, most_pages=most_pages)
    with lease(deployment_scope(deployment.pk)) as held:
        if held is None:
            return False
        if held.is_late(fresh=timedelta(0) if force else FRESH_FOR, now=now):
            return True
        try:
            asked = ask_singly(session, [deployment])
            if asked.illegible:
                raise asked.illegible
            if asked.missing:
                vanishing.one_by_one(session, asked.missing)
            for one in asked.seen:
                read_versions(session, one, get(versions.scope(one.deployment.pk)))
        except (miosa.MiosaError, WrongTenant) as error:
            note_failure(held.scope, code=error.code, retry_at=None, now=now)
            raise
        with held.writing() as row:
            note_done(row, now=now)
            held.end(row)
    return True


def ask_singly(session: Session, asked: Iterable[Deployment]) -> Asked:
    """Request each of these by its id, and store the answers. A row that can't be read stays as it was.

    Raises miosa.MiosaError, WrongTenant.
    """
    found = Asked()
    for deployment in asked:
        asked_at = timezone.now()
        try:
            row = session.client.deployments.get(deployment.miosa_id)
        except miosa.NotFound:
            found.missing.append(deployment)
            continue
        except miosa.BadAnswer as error:
            found.illegible = error
            continue
        if row.id == deployment.miosa_id:
            found.seen += deployments.remember(session.accept([row]), now=asked_at)
        else:
            found.illegible = miosa.BadAnswer("another deployment than was requested", sent=True)
    return found


def is_due(session: Session, seen: Seen, row: Freshness) -> bool:
    """Whether reading the versions of a deployment just seen may bring something new."""
    return seen.pointer_moved or session.force or versions.is_due(row, now=session.now)


def read_versions(session: Session, seen: Seen, row: Freshness) -> None:
    """Read the versions of a deployment just seen, if due. `row`: its scope of versions. Raises miosa.MiosaError."""
    deployment = seen.deployment
    if not is_due(session, seen, row):
        return
    try:
        versions.read_in(session, deployment, row=row)
    except LeaseLost:
        # Another process knows better by now.
        want(versions.scope(deployment.pk), at=session.now)
    except miosa.MiosaError:
        pointers.follow(deployment)
        raise
