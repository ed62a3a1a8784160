"""Who set which name through the portal, with a fingerprint of the value."""

from collections.abc import Mapping

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from portal.models import EnvVarUpdate, Operation
from portal.services.env_vars import encryption


@sensitive_variables()
def record_updates(operation: Operation, values: Mapping[str, str]) -> None:
    """MIOSA accepted these values. Recording the same operation again changes nothing but the time."""
    for name, value in values.items():
        fingerprint = encryption.get_fingerprint(
            value, deployment_id=operation.deployment_id, environment=operation.environment, name=name
        )
        _store(operation, name, fingerprint)


@sensitive_variables()
def record_detected_updates(operation: Operation) -> None:
    """MIOSA accepted the values, though its answer was lost. Values that were set since then are not changed.

    Without fingerprints if the values are no longer kept.
    """
    sent_at = operation.sent_at or operation.requested_at
    updates = EnvVarUpdate.objects.filter(
        deployment_id=operation.deployment_id, environment=operation.environment, name__in=operation.body["names"]
    )
    recorded = {each.name for each in updates if each.operation_key == operation.key or each.set_at > sent_at}
    missing = [name for name in operation.body["names"] if name not in recorded]
    try:
        values = encryption.decrypt_for_operation(
            operation.key, digest=operation.body.get("draft_digest", ""), now=timezone.now()
        )
    except encryption.ValuesUnavailable:
        for name in missing:
            _store(operation, name, fingerprint="")
    else:
        record_updates(operation, {name: values[name] for name in missing})


def delete_updates(operation: Operation) -> None:
    """The operation deleted these names, in all environments."""
    EnvVarUpdate.objects.filter(deployment_id=operation.deployment_id, name__in=operation.body["names"]).delete()


def _store(operation: Operation, name: str, fingerprint: str) -> None:
    EnvVarUpdate.objects.update_or_create(
        deployment_id=operation.deployment_id,
        environment=operation.environment,
        name=name,
        defaults={
            "fingerprint": fingerprint,
            "person_name": operation.person_name,
            "person_role": operation.person_role,
            "operation_key": operation.key,
            "set_at": timezone.now(),
        },
    )
