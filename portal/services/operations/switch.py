"""The live version changed because of an operation: record when, and that the operation caused it."""

from datetime import datetime, timedelta

from portal import clock_skew
from portal.models import Activation, Deployment, Operation
from portal.services.sync.upsert import live_pointer

CHECK_AFTER = timedelta(seconds=0.5)


def record_switch(operation: Operation, deployment: Deployment, *, now: datetime) -> bool:
    """Whether the operation's version is live. If so, record it on the operation and on the activation."""
    version_id = operation.version_id
    if not version_id or deployment.active_version_id != version_id:
        return False
    since = operation.requested_at - clock_skew.OUR_HOSTS
    activations = Activation.objects.filter(
        deployment_id=deployment.miosa_id, version_id=version_id, seen_at__gte=since
    )
    latest = activations.order_by("-at", "-pk").first()
    if latest is not None and latest.operation_id is None:
        live_pointer.note_cause(latest, operation.key)
    switch = {"switched_at": now, "check_due_at": now + CHECK_AFTER}
    if Operation.objects.filter(pk=operation.pk, switched_at=None).update(**switch):
        operation.switched_at, operation.check_due_at = switch["switched_at"], switch["check_due_at"]
    return True
