"""Who set which name through the portal, with a fingerprint of what was set."""

from collections.abc import Mapping

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from portal.models import EnvMark, Operation
from portal.services.env import sealing


@sensitive_variables()
def note(operation: Operation, values: Mapping[str, str]) -> None:
    """MIOSA took these. A mark written for an answer that was lost is written again, the same, when it is repeated."""
    for name, value in values.items():
        print_ = sealing.fingerprint(
            value, deployment_id=operation.deployment_id, environment=operation.environment, name=name
        )
        EnvMark.objects.update_or_create(
            deployment_id=operation.deployment_id,
            environment=operation.environment,
            name=name,
            defaults={
                "fingerprint": print_,
                "person_name": operation.person_name,
                "operation_key": operation.key,
                "set_at": timezone.now(),
            },
        )


def drop(operation: Operation) -> None:
    """A name was deleted, wherever it stood."""
    EnvMark.objects.filter(deployment_id=operation.deployment_id, name__in=operation.body["names"]).delete()
