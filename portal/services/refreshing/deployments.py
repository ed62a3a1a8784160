"""Deployments read singly: those a list did not bring, or somebody looks at."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from portal import miosa
from portal.models import Deployment
from portal.services.refreshing import tenancy, versions
from portal.services.refreshing.lease import get, lease, note_failure
from portal.services.remembering import deployments, pointers
from portal.services.remembering.deployments import Seen

FRESH = timedelta(seconds=15)


def scope(deployment_id: int) -> str:
    return f"deployment:{deployment_id}"


def read(
    deployment: Deployment, *, ask: miosa.Client, now: datetime, force: bool = False, most_pages: int | None = 1
) -> bool:
    """One deployment again, and its versions if their minute is over, it moved, or `force`. False if somebody else reads it.

    Raises miosa.MiosaError, WrongTenant, LeaseLost.
    """
    with lease(scope(deployment.pk)) as held:
        if held is None:
            return False
        try:
            seen, missing = ask_singly([deployment], ask=ask, now=now)
            if missing:
                tenancy.confirm(ask)
                deployments.mark_gone(missing, now=now)
            for one in seen:
                read_versions(one, ask=ask, now=now, force=force, most_pages=most_pages)
        except miosa.MiosaError as error:
            note_failure(held.scope, code=error.code, retry_at=None, now=now)
            raise
        with held.writing() as row:
            row.read_at, row.error, row.failed_at, row.wanted_at = now, "", None, None
    return True


def ask_singly(asked: Iterable[Deployment], *, ask: miosa.Client, now: datetime) -> tuple[list[Seen], list[Deployment]]:
    """Ask for each of these. Gives those that are there, remembered, and those MIOSA does not know."""
    seen: list[Seen] = []
    missing = []
    for deployment in asked:
        try:
            row = ask.deployments.get(deployment.miosa_id)
        except miosa.NotFound:
            missing.append(deployment)
            continue
        except miosa.BadAnswer:
            continue
        seen += deployments.remember(tenancy.admit([row]), now=now)
    return seen, missing


def read_versions(seen: Seen, *, ask: miosa.Client, now: datetime, force: bool, most_pages: int | None) -> None:
    """Read the versions of a deployment just seen where that can bring something, else only note a moved pointer."""
    deployment = seen.deployment
    if seen.pointer_moved or force or versions.is_due(deployment, now=now):
        ends = (deployment.active_version_id, seen.previous_active_id) if seen.pointer_moved else ()
        versions.read(deployment, ask=ask, now=now, ends=ends, most_pages=most_pages)
    elif get(versions.scope(deployment.pk)).is_complete:
        pointers.settle(deployment, taken=None, now=now)
