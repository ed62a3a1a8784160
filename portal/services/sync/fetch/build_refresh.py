"""Versions that are being built: read every few seconds while somebody looks at them, whoever published them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from portal import miosa
from portal.models import Deployment, Version
from portal.models.freshness import version_scope, versions_scope
from portal.models.versions import UNFINISHED
from portal.services.connection import WrongTenant
from portal.services.sync import scopes
from portal.services.sync.fetch.session import TenantCheck
from portal.services.sync.leases import take_lease
from portal.services.sync.upsert import deployment_rows, live_pointer, version_rows

_SHORTEST_GAP_S = 2.0
# A build that takes longer is probably stuck.
_LONG_BUILD = timedelta(hours=1)
_LONG_BUILD_GAP = timedelta(seconds=60)


def get_gap() -> timedelta:
    """Between two reads of one version: a tenth of the budget, but no more often than every two seconds."""
    return timedelta(seconds=max(_SHORTEST_GAP_S, 360 / settings.MIOSA.rpm))


def request_reads(deployments: Iterable[Deployment], *, now: datetime) -> None:
    """The worker is to read each unfinished version of these, unless it was read a moment ago."""
    pks = [deployment.pk for deployment in deployments if deployment.gone_at is None]
    unfinished = Version.objects.filter(deployment__in=pks, state__in=UNFINISHED, gone_at=None)
    found = unfinished.values_list("deployment_id", "miosa_id", "created_at", "first_seen_at")
    since = {version_scope(pk, miosa_id): created_at or seen_at for pk, miosa_id, created_at, seen_at in found}
    if not since:
        return
    rows = scopes.list_freshness(since)
    for scope, row in rows.items():
        gap = get_gap() if now - since[scope] < _LONG_BUILD else _LONG_BUILD_GAP
        tried_at = max((at for at in (row.read_at, row.failed_at) if at is not None), default=None)
        if row.wanted_at is None:
            scopes.request_refresh(scope, at=max(now, tried_at + gap) if tried_at else now)


def refresh_build(deployment: Deployment, version_id: str, *, client: miosa.Client, now: datetime) -> bool:
    """Read one version and, once it is built, its deployment, since it may be live by now.

    False if it was read a moment ago, or another process is reading it. Raises miosa.MiosaError, WrongTenant,
    LeaseLost.
    """
    with take_lease(version_scope(deployment.pk, version_id)) as lease:
        if lease is None or lease.is_late(fresh=get_gap(), now=now):
            return False
        try:
            _read(deployment, version_id, client)
        except (miosa.MiosaError, WrongTenant) as error:
            retry_at = None
            if isinstance(error, miosa.BudgetSpent):
                retry_at = now + timedelta(seconds=error.retry_after_s or 1)
            scopes.note_failure(lease.scope, code=error.code, retry_at=retry_at, now=now)
            raise
        with lease.writing() as row:
            scopes.note_success(row, now=now)
            lease.end(row)
    return True


def _read(deployment: Deployment, version_id: str, client: miosa.Client) -> None:
    version = client.versions.get(deployment.miosa_id, version_id)
    changes = version_rows.upsert_versions(deployment, [version], now=timezone.now(), is_single=True)
    if version.state not in UNFINISHED:
        requested_at = timezone.now()
        row = client.deployments.get(deployment.miosa_id)
        stored = deployment_rows.upsert_deployments(TenantCheck().accept_rows([row]), now=requested_at)
        if any(one.pointer_moved for one in stored):
            # The version that was live until now has another state, too.
            scopes.request_refresh(versions_scope(deployment.pk), at=requested_at)
    live_pointer.update_live_pointer(deployment, changes=changes, now=timezone.now())
