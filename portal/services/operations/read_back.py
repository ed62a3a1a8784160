"""After a change: read MIOSA and store what it shows, until it shows the effect. Pages show only what was read."""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Deployment, Operation, Version
from portal.models.freshness import versions_scope
from portal.services.connection import WrongTenant
from portal.services.operations import timeline
from portal.services.operations.base import Detection, Kind
from portal.services.operations.client import client_for
from portal.services.operations.kinds import get_kind
from portal.services.sync import scopes
from portal.services.sync.fetch.session import TenantCheck
from portal.services.sync.upsert import authors, deployment_rows, live_pointer, version_rows
from portal.services.sync.upsert.deployment_rows import StoredDeployment
from portal.services.sync.upsert.version_rows import VersionChanges

logger = logging.getLogger(__name__)
_LONGEST_PAUSE = timedelta(seconds=60)


def read_back(operation: Operation) -> None:
    """Read the deployment and the touched versions again; once more later if they don't show the effect yet.

    The process gives the operation up afterwards.
    """
    kind = get_kind(operation.kind)
    reader = _Reader(operation, kind)
    try:
        is_finished = reader.read()
    except (miosa.MiosaError, WrongTenant) as error:
        logger.warning("reading back failed", extra={"operation": str(operation.key), "reason": str(error)})
        is_finished = False
    now = timezone.now()
    age = abs(now - operation.requested_at)
    # Soon at first, then at growing intervals. After `follow_up_for` the regular refreshes find a late effect.
    pause = min(max(timedelta(seconds=1), age / 3), _LONGEST_PAUSE)
    operation.next_read_at = None if is_finished or age > kind.follow_up_for else now + pause
    ours = Operation.objects.filter(pk=operation.pk, state=Operation.State.SUCCEEDED, runner=operation.runner)
    if ours.update(next_read_at=operation.next_read_at, runner=""):
        operation.runner = ""
    timeline.update_entry(operation, reader.deployment)


def store_deployment(row: miosa.Deployment) -> StoredDeployment:
    """Store a deployment as MIOSA shows it. Call `update_live_version` afterwards. Raises WrongTenant."""
    (seen,) = deployment_rows.upsert_deployments(TenantCheck().accept_rows([row]), now=timezone.now())
    return seen


def update_live_version(deployment: Deployment, *, version_id: str = "", client: miosa.Client | None = None) -> None:
    """Derive what is live, staged and on a rollback; with `version_id`, fetch that version first if it is unknown."""
    now, taken = timezone.now(), None
    if client is not None and version_id:
        is_known = Version.objects.filter(deployment=deployment, miosa_id=version_id).exists()
        taken = None if is_known else _fetch_versions([version_id], deployment, client, now=now)
    live_pointer.update_live_pointer(deployment, changes=taken, now=now)


class _Reader:
    """One read of everything that an operation has touched. `deployment` is set once it has been stored."""

    def __init__(self, operation: Operation, kind: Kind) -> None:
        self.operation, self.kind = operation, kind
        self.client, self.now = client_for(operation), timezone.now()
        self.deployment: Deployment | None = None

    def read(self) -> bool:
        """Whether MIOSA shows the effect. Raises miosa.MiosaError, WrongTenant."""
        operation, kind = self.operation, self.kind
        if kind.deletes_deployment:
            gone = Deployment.objects.filter(miosa_id=operation.actual_deployment_id)
            deployment_rows.mark_deployments_gone(gone, now=self.now)
            return True
        is_found = not operation.actual_deployment_id.startswith("new:")
        if not is_found and kind.detect(operation, self.client) is not Detection.DONE:
            return False
        row = self.client.deployments.get(operation.actual_deployment_id)
        stored = deployment_rows.upsert_deployments(TenantCheck().accept_rows([row]), now=self.now)
        if not stored:
            return True
        self.deployment = stored[0].deployment
        scopes.discard_running_reads(versions_scope(self.deployment.pk))
        known_result = operation.result
        kind.find_result(operation, row, self.client)
        if operation.result != known_result:
            Operation.objects.filter(pk=operation.pk).update(result=operation.result)
        self._read_versions(self.deployment)
        is_finished = kind.is_finished(operation, self.deployment, self.client, now=self.now)
        kind.follow_up(operation, self.deployment, self.client, now=self.now)
        return is_finished

    def _read_versions(self, deployment: Deployment) -> None:
        operation = self.operation
        touched = {operation.target_id, operation.seen_live_id, operation.version_id} - {""}
        taken = _fetch_versions(sorted(touched), deployment, self.client, now=self.now)
        authors.note_publish(operation, deployment)
        is_ours = operation.version_id != "" and deployment.active_version_id == operation.version_id
        live_pointer.update_live_pointer(
            deployment, changes=taken, now=self.now, caused_by=operation.key if is_ours else None
        )


def _fetch_versions(ids: list[str], deployment: Deployment, client: miosa.Client, *, now: datetime) -> VersionChanges:
    rows = []
    for version_id in ids:
        try:
            rows.append(client.versions.get(deployment.miosa_id, version_id))
        except (miosa.NotFound, miosa.BadAnswer):
            continue
    return version_rows.upsert_versions(deployment, rows, now=now, is_single=True) if rows else VersionChanges()
