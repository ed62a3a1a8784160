"""Deletes an env var from a deployment, where MIOSA supports it and `MIOSA_DELETES_ENV` allows it (contract 10.7)."""

from datetime import datetime

from django.conf import settings

from portal.models import Deployment, EnvVar
from portal.permissions import Person
from portal.services.env_vars import drafts
from portal.services.errors import NotFound
from portal.services.operations import accepting, doing, tokens
from portal.services.operations.accepting import OperationRequest
from portal.services.operations.kinds import Kind
from portal.services.operations.releases import Confirmed
from portal.services.queries.operations import OperationPage


def delete_env_var(
    *, by: Person, slug: str, deployment_id: str, name: str, confirmed: Confirmed, now: datetime
) -> OperationPage:
    """Delete it in all environments. Raises as `drafts.apply_draft` does."""
    customer, deployment = drafts.get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    token = tokens.read(
        confirmed.token,
        Kind.DELETE_ENV,
        by=by,
        customer_id=customer.pk,
        deployment_id=deployment.miosa_id,
        target_id=name,
    )
    operation = accepting.find(token)
    if operation is not None:
        return doing.show(operation, by=by, now=now)
    get_environments(deployment, name)
    reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    request = OperationRequest(
        token=tokens.Token(token.id, token.kind, token.customer_id, token.deployment_id, "", ""),
        by=by,
        customer=customer,
        deployment_name=deployment.name,
        reason=reason,
        note=note,
        body={"names": [name]},
    )
    return doing.do(request, deployment=deployment, obstacle="", by=by, now=now)


def get_environments(deployment: Deployment, name: str) -> tuple[str, ...]:
    """The environments that may lose the name. MIOSA documents no way to choose one.

    Raises NotFound if there is no such name, or if names can't be deleted.
    """
    rows = EnvVar.objects.filter(deployment=deployment, name=name).order_by("environment")
    found = tuple(rows.values_list("environment", flat=True))
    if not settings.MIOSA.deletes_env or not found:
        raise NotFound
    return tuple(filter(None, found))
