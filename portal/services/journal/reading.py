"""Reading back: what MIOSA says after a change, and whether a change has happened at all."""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Activation, Customer, Deployment, Operation, Version
from portal.services.connection import WrongTenant
from portal.services.journal import aftermath, calls
from portal.services.journal.kinds import RULES, Kind
from portal.services.refreshing import lease, tenancy
from portal.services.refreshing import versions as reading_versions
from portal.services.remembering import deployments, operations, pointers, versions
from portal.services.remembering.versions import Taken

logger = logging.getLogger(__name__)

_CLOCKS_APART = timedelta(seconds=10)
_CHECK_AFTER = timedelta(seconds=0.5)


def back(operation: Operation) -> None:
    """After a change: the deployment and the touched version again. What can't be read now is read by whoever looks next."""
    try:
        _read(operation)
    except (miosa.MiosaError, WrongTenant) as error:
        logger.warning("reading back failed", extra={"operation": str(operation.key), "reason": str(error)})
        operation.look_at = timezone.now() + timedelta(seconds=2)
        Operation.objects.filter(pk=operation.pk).update(look_at=operation.look_at)
    file(operation)


def has_happened(operation: Operation) -> bool | None:
    """Whether the change is there to be seen; None if reading can't tell. Raises nothing: trouble means None."""
    try:
        return _effect(operation)
    except (miosa.MiosaError, WrongTenant):
        return None


def remember(operation: Operation, row: miosa.Deployment) -> None:
    """Take over a deployment row that was read for an operation."""
    now = timezone.now()
    for seen in deployments.remember(tenancy.admit([row]), now=now):
        pointers.settle(seen.deployment, taken=None, now=now)


def file(operation: Operation) -> None:
    """Put the operation into the timeline, or bring its row there up to date."""
    if operation.kind == Kind.PUBLISH and operation.state == Operation.State.SUCCEEDED:
        operations.unfile(operation)
        return
    deployment = Deployment.objects.filter(miosa_id=operation.deployment_id).first()
    if deployment is not None:
        operations.file(deployment, operation)


def _read(operation: Operation) -> None:
    deployment_id = operation.result.get("deployment_id") or operation.deployment_id
    ask, now = calls.client(operation), timezone.now()
    if operation.kind == Kind.DELETE:
        gone = Deployment.objects.filter(miosa_id=deployment_id)
        deployments.mark_gone(list(gone), now=now)
        return
    row = ask.deployments.get(deployment_id)
    seen = deployments.remember(tenancy.admit([row]), now=now)
    if not seen:
        return
    deployment = seen[0].deployment
    Deployment.objects.filter(pk=deployment.pk).update(asked_at=timezone.now())
    lease.overtake(reading_versions.scope(deployment.pk))
    taken = _touched(operation, deployment, ask, now=now)
    pointers.settle(deployment, taken=taken, now=now)
    _note_pointer(operation, deployment, now=now)
    aftermath.run(operation, deployment, ask, now=now)


def _touched(operation: Operation, deployment: Deployment, ask: miosa.Client, *, now: datetime) -> Taken:
    ids = {operation.target_id, operation.seen_live_id, operation.result.get("version_id", "")} - {""}
    taken = Taken()
    for version_id in sorted(ids):
        try:
            taken.add(versions.remember(deployment, [ask.versions.get(deployment.miosa_id, version_id)], now=now))
        except (miosa.NotFound, miosa.BadAnswer):
            continue
    return taken


def _note_pointer(operation: Operation, deployment: Deployment, *, now: datetime) -> None:
    """The pointer stands where it was wanted: note when, and that it was our doing."""
    target = operation.target_id or operation.result.get("version_id", "")
    moved = RULES[Kind(operation.kind)].moves_pointer or operation.kind == Kind.PUBLISH
    if not moved or not target or deployment.active_version_id != target:
        if RULES[Kind(operation.kind)].moves_pointer and operation.switched_at is None:
            look_at = now + timedelta(seconds=1) if now - operation.asked_at < timedelta(seconds=90) else None
            Operation.objects.filter(pk=operation.pk).update(look_at=look_at)
        return
    latest = Activation.objects.filter(
        deployment_id=deployment.miosa_id, version_id=target, seen_at__gte=operation.asked_at - _CLOCKS_APART
    )
    for activation in latest.order_by("-at", "-pk")[:1]:
        activation.cause, activation.operation_id = Activation.Cause.CAUSED, operation.key
        activation.save(update_fields=["cause", "operation_id"])
        operations.unfile_activation(activation)
    if operation.switched_at is None:
        operation.switched_at, operation.check_due_at, operation.look_at = now, now + _CHECK_AFTER, None
        Operation.objects.filter(pk=operation.pk).update(
            switched_at=now, check_due_at=operation.check_due_at, look_at=None
        )


def _effect(operation: Operation) -> bool | None:
    ask = calls.client(operation)
    kind = Kind(operation.kind)
    effect = aftermath.effect_of(kind)
    if effect is not None:
        return effect(operation, ask)
    if kind is Kind.CREATE or operation.deployment_id.startswith("new:"):
        return _was_created(operation, ask)
    try:
        row = ask.deployments.get(operation.deployment_id)
    except miosa.NotFound:
        return kind is Kind.DELETE
    if RULES[kind].moves_pointer:
        return _pointer_moved(operation, row)
    if kind is Kind.STOP:
        return row.state == "stopped"
    if kind is Kind.RENAME:
        return row.name == str(operation.body.get("name", ""))
    if kind is Kind.PUBLISH:
        return _was_published(operation, ask)
    return False if kind is Kind.DELETE else None


def _pointer_moved(operation: Operation, row: miosa.Deployment) -> bool | None:
    if operation.environment not in {"", "production"}:
        return None
    if row.active_version_id == operation.target_id:
        return True
    # Neither where it was nor where it was wanted: somebody else moved it meanwhile.
    return False if (row.active_version_id or "") == operation.seen_live_id else None


def _was_published(operation: Operation, ask: miosa.Client) -> bool | None:
    """A version of that sandbox, newer than all that were known when the person asked."""
    newest = operation.body.get("newest_number") or 0
    for row in ask.versions.list(operation.deployment_id).items:
        if row.version_number > newest and row.source_sandbox_id == operation.body.get("source_sandbox_id"):
            operation.result = {**operation.result, "version_id": row.id, "version_number": row.version_number}
            return True
    return False


def _was_created(operation: Operation, ask: miosa.Client) -> bool | None:
    external_id = Customer.objects.filter(pk=operation.customer_id).values_list("external_id", flat=True).first()
    since = operation.asked_at - _CLOCKS_APART
    known = set(Deployment.objects.filter(first_seen_at__lt=since).values_list("miosa_id", flat=True))
    for row in ask.deployments.list(external_workspace_id=external_id).items:
        if row.name == operation.body.get("name") and row.id not in known and (row.created_at or since) >= since:
            operation.result = {**operation.result, "deployment_id": row.id}
            return True
    return False


def newest_number(deployment: Deployment) -> int:
    """The highest number known, to tell a version published afterwards from those before."""
    number = (
        Version.objects.filter(deployment=deployment, number__isnull=False)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    return number or 0
