"""Sets the valid lines of a draft, or deletes an env var, as one operation (contract 10.7)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.models import Deployment, EnvVar, EnvVarDraft
from portal.permissions import Person
from portal.services.env_vars import drafts, encryption, names
from portal.services.errors import Invalid, ServiceError
from portal.services.operations import reasons
from portal.services.operations.accept import OperationRequest, find_operation
from portal.services.operations.kinds.delete_env import DeleteEnv
from portal.services.operations.kinds.set_env import SetEnv
from portal.services.operations.submit import require_override, submit_request
from portal.services.operations.tokens import BadToken, Confirmation, Subject, read_token
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.operations import get_page


def apply_draft(
    *,
    by: Person,
    slug: str,
    deployment_id: str,
    key: UUID,
    confirmation: Confirmation,
    lines_confirmed: bool = False,
    now: datetime,
) -> OperationPage:
    """Set the valid lines, as one operation. Submitting the form again finds the same operation.

    Lines with a doubt have to be confirmed, else nothing is set. Raises NotFound once the draft has expired; BadToken,
    Invalid, LaneBusy, Unavailable as `releases.submit` does.
    """
    customer, deployment = drafts.get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    token = read_token(confirmation.token, Subject(SetEnv.name, customer.pk, deployment.miosa_id), by=by)
    if token.id != key:
        raise BadToken
    operation = find_operation(token)
    if operation is not None:
        return get_page(operation, by=by, now=now)
    draft = drafts.get_draft(key, deployment, by=by, now=now)
    request = OperationRequest(
        token=token,
        by=by,
        customer=customer,
        deployment_name=deployment.name,
        environment=draft.environment,
        reason=reasons.read_reason(confirmation.choice, confirmation.reason, by=by),
        note=reasons.read_note(confirmation.note, by=by),
        override=require_override(confirmation.override, by=by),
        body=_build_body(draft, deployment, lines_confirmed=lines_confirmed),
    )
    return _submit(request, draft, deployment=deployment, now=now)


def delete_env_var(
    *, by: Person, slug: str, deployment_id: str, name: str, confirmation: Confirmation, now: datetime
) -> OperationPage:
    """Delete it in all environments, where MIOSA supports it and `MIOSA_DELETES_ENV` allows it.

    Raises as `apply_draft` does.
    """
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
        body={"names": [name], "is_deletion": True},
    )
    return submit_request(request, deployment, now=now)


def _build_body(draft: EnvVarDraft, deployment: Deployment, *, lines_confirmed: bool) -> dict[str, Any]:
    """What the operation sets, and the names before it, so that names that vanish are noticed. Raises Invalid."""
    lines = drafts.list_lines(draft)
    if any(line["doubt"] for line in lines) and not lines_confirmed:
        raise Invalid({"lines_confirmed": _("Nothing was set. Check these lines, then confirm.")})
    valid = [line["name"] for line in lines if line["name"] and line["size"] and not line["problem"]]
    if not valid:
        raise Invalid({"": _("Nothing can be set: no line has a valid name and a value.")})
    before = EnvVar.objects.filter(deployment=deployment).values_list("environment", "name")
    return {"names": valid, "before": sorted(map(list, before)), "draft_digest": encryption.get_digest(draft)}


def _submit(request: OperationRequest, draft: EnvVarDraft, *, deployment: Deployment, now: datetime) -> OperationPage:
    """From here the values are kept only as long as the operation may be sent again.

    If the operation is not even accepted, the draft is kept as long as before.
    """
    stored = EnvVarDraft.objects.filter(pk=draft.pk)
    stored.update(expires_at=min(draft.expires_at, now + encryption.OPERATION_LIFETIME))
    try:
        return submit_request(request, deployment, now=now)
    except ServiceError:
        stored.update(expires_at=draft.expires_at)
        raise
