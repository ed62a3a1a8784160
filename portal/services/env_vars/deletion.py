"""Deletes an env var from a deployment, where MIOSA supports it and `MIOSA_DELETES_ENV` allows it (contract 10.7)."""

from datetime import datetime

from portal.permissions import Person
from portal.services.env_vars import drafts, names
from portal.services.operations import reasons
from portal.services.operations.accept import OperationRequest, find_operation
from portal.services.operations.kinds.delete_env import DeleteEnv
from portal.services.operations.submit import submit_request
from portal.services.operations.tokens import Confirmation, Subject, read_token
from portal.services.queries.operations import OperationPage, get_page


def delete_env_var(
    *, by: Person, slug: str, deployment_id: str, name: str, confirmation: Confirmation, now: datetime
) -> OperationPage:
    """Delete it in all environments. Raises as `drafts.apply_draft` does."""
    customer, deployment = drafts.get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    token = read_token(confirmation.token, Subject(DeleteEnv.name, customer.pk, deployment.miosa_id, name), by=by)
    operation = find_operation(token)
    if operation is not None:
        return get_page(operation, by=by, now=now)
    names.get_environments(deployment, name)
    request = OperationRequest(
        token=token.without_target(),
        by=by,
        customer=customer,
        deployment_name=deployment.name,
        reason=reasons.read_reason(confirmation.choice, confirmation.reason, by=by),
        note=reasons.read_note(confirmation.note, by=by),
        body={"names": [name]},
    )
    return submit_request(request, deployment, now=now)
