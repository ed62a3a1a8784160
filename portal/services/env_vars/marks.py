"""Who set which name through the portal, with a fingerprint of what was set."""

from collections.abc import Mapping

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from portal.models import EnvMark, Operation
from portal.services.env_vars import sealing


@sensitive_variables()
def note(operation: Operation, values: Mapping[str, str]) -> None:
    """MIOSA took these. A mark written for an answer that was lost is written again, the same, when it is repeated."""
    for name, value in values.items():
        print_ = sealing.fingerprint(
            value, deployment_id=operation.deployment_id, environment=operation.environment, name=name
        )
        _write(operation, name, print_)


@sensitive_variables()
def note_found(operation: Operation) -> None:
    """MIOSA took them, though its answer was lost.

    Where the values are no longer kept, there is no fingerprint to be had. What somebody set since stays marked so.
    """
    since = operation.sent_at or operation.asked_at
    marks = EnvMark.objects.filter(deployment_id=operation.deployment_id, environment=operation.environment)
    marked = {mark.name for mark in marks if mark.operation_key == operation.key or mark.set_at > since}
    left = [name for name in operation.body["names"] if name not in marked]
    try:
        values = sealing.unseal_for(operation.key, seal=operation.body["seal"], now=timezone.now())
    except sealing.Unsealable:
        for name in left:
            _write(operation, name, "")
    else:
        note(operation, {name: values[name] for name in left})


def drop(operation: Operation) -> None:
    """A name was deleted, wherever it stood."""
    EnvMark.objects.filter(deployment_id=operation.deployment_id, name__in=operation.body["names"]).delete()


def _write(operation: Operation, name: str, fingerprint: str) -> None:
    EnvMark.objects.update_or_create(
        deployment_id=operation.deployment_id,
        environment=operation.environment,
        name=name,
        defaults={
            "fingerprint": fingerprint,
            "person_name": operation.person_name,
            "operation_key": operation.key,
            "set_at": timezone.now(),
        },
    )
