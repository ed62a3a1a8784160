"""Deployments read one by one: those a list did not bring, or somebody looks at."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Deployment, Freshness
from portal.models.freshness import FRESH_FOR, WORKSPACES, deployment_scope, versions_scope
from portal.services.connection import WrongTenant
from portal.services.sync import scopes
from portal.services.sync.fetch import vanished, version_refresh
from portal.services.sync.fetch.session import Session
from portal.services.sync.leases import LeaseLost, take_lease
from portal.services.sync.upsert import deployment_rows, live_pointer
from portal.services.sync.upsert.deployment_rows import StoredDeployment


@dataclass(slots=True)
class FetchedById:
    """What requests by id brought. `missing`: MIOSA answered that it does not know them.

    `unreadable`: the last answer that could not be read.
    """

    stored: list[StoredDeployment] = field(default_factory=list)
    missing: list[Deployment] = field(default_factory=list)
    unreadable: miosa.BadAnswer | None = None


def refresh_deployment(
    deployment: Deployment, *, client: miosa.Client, now: datetime, force: bool = False, most_pages: int | None = 1
) -> bool:
    """Read one deployment again, and its versions if they are due, its live pointer moved, or `force`.

    False if another process is reading it. Raises miosa.MiosaError, WrongTenant, LeaseLost.
    """
    session = Session(client, now, force=force, most_pages=most_pages)
    with take_lease(deployment_scope(deployment.pk)) as lease:
        if lease is None:
            return False
        if lease.is_late(fresh=timedelta(0) if force else FRESH_FOR, now=now):
            return True
        try:
            fetched = fetch_by_id(session, [deployment])
            if fetched.unreadable:
                raise fetched.unreadable
            if fetched.missing:
                vanished.mark_unknown(session, fetched.missing)
            for stored in fetched.stored:
                row = scopes.get_freshness(versions_scope(stored.deployment.pk))
                if are_versions_due(session, stored, row):
                    refresh_versions_of(session, stored, row)
        except (miosa.MiosaError, WrongTenant) as error:
            scopes.note_failure(lease.scope, code=error.code, retry_at=None, now=now)
            raise
        with lease.writing() as row:
            scopes.note_success(row, now=now)
            lease.end(row)
    return True


def fetch_by_id(session: Session, deployments: Iterable[Deployment]) -> FetchedById:
    """Request each of these by its id, and store the answers. A row that can't be read stays as it was.

    Raises miosa.MiosaError, WrongTenant.
    """
    fetched = FetchedById()
    for deployment in deployments:
        requested_at = timezone.now()
        try:
            row = session.client.deployments.get(deployment.miosa_id)
        except miosa.NotFound:
            fetched.missing.append(deployment)
        except miosa.BadAnswer as error:
            fetched.unreadable = error
        else:
            if row.id == deployment.miosa_id:
                fetched.stored += deployment_rows.upsert_deployments(
                    session.tenant.accept_rows([row]), now=requested_at
                )
            else:
                fetched.unreadable = miosa.BadAnswer("another deployment than was requested", sent=True)
    return fetched


def request_owners(stored: Iterable[StoredDeployment], *, now: datetime) -> None:
    """Where the owner of a row just stored is not certain, request what tells it: its workspace, or the row by id."""
    uncertain = [one for one in stored if one.is_uncertain and (one.is_new or one.owner_changed)]
    if any(one.deployment.workspace_id for one in uncertain):
        scopes.request_refresh(WORKSPACES, at=now)
    unstated = [one.deployment.pk for one in uncertain if not one.deployment.is_stated]
    scopes.request_refreshes((deployment_scope(pk) for pk in unstated), at=now)


def are_versions_due(session: Session, stored: StoredDeployment, row: Freshness) -> bool:
    """Whether reading the versions of a deployment just read may bring something new. `row`: of its versions."""
    return stored.pointer_moved or stored.is_touched or session.force or version_refresh.is_due(row, now=session.now)


def refresh_versions_of(session: Session, stored: StoredDeployment, row: Freshness) -> None:
    """Read the versions of a deployment just read. `row`: of its versions. Raises miosa.MiosaError."""
    try:
        version_refresh.refresh_in_session(session, stored.deployment, row=row)
    except LeaseLost:
        # Another process, or a change of ours, has overtaken this one.
        scopes.request_refresh(row.scope, at=session.now)
    except miosa.MiosaError:
        live_pointer.show_live_version(stored.deployment)
        raise
