"""Deleting a name, where the hosting service can and the setting allows."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from portal.models import Customer, Deployment, EnvVar
from portal.permissions import Person
from portal.services.env_vars import drafts
from portal.services.errors import NotFound
from portal.services.operations import reasons
from portal.services.operations.accept import OperationRequest, find_operation
from portal.services.operations.kinds.delete_env import DeleteEnv
from portal.services.operations.submit import Confirmation, submit_request
from portal.services.operations.tokens import Subject, create_token, read_token
from portal.services.queries import actions, summaries
from portal.services.queries.operations import OperationPage, get_page
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary


@dataclass(frozen=True, slots=True)
class DeleteForm:
    """`environments` are those in which the name stands: all of them may lose it, since no source says that one can be
    chosen.
    """

    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary
    name: str
    environments: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str


def draw(*, by: Person, slug: str, deployment_id: str, name: str, now: datetime) -> DeleteForm:
    """Raises NotFound, Forbidden."""
    customer, deployment, there = _find(by=by, slug=slug, deployment_id=deployment_id, name=name)
    return DeleteForm(
        token=create_token(Subject(DeleteEnv.name, customer.pk, deployment.miosa_id, name), by=by),
        customer=summaries.head(customer, by=by),
        deployment=summaries.deployment(deployment, customer, by=by),
        name=name,
        environments=there,
        reasons=reasons.list_reasons(DeleteEnv.reasons),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=actions.get_connection_obstacle(customer.connection),
    )


def delete(
    *, by: Person, slug: str, deployment_id: str, name: str, confirmation: Confirmation, now: datetime
) -> OperationPage:
    """Raises as `reviews.apply` does."""
    customer, deployment = drafts.door(by=by, slug=slug, deployment_id=deployment_id)
    token = read_token(confirmation.token, Subject(DeleteEnv.name, customer.pk, deployment.miosa_id, name), by=by)
    found = find_operation(token)
    if found is not None:
        return get_page(found, by=by, now=now)
    _find(by=by, slug=slug, deployment_id=deployment_id, name=name)
    reason = reasons.read_reason(confirmation.choice, confirmation.reason, by=by)
    request = OperationRequest(
        token=token.without_target(),
        by=by,
        customer=customer,
        deployment_name=deployment.name,
        reason=reason,
        note=reasons.read_note(confirmation.note, by=by),
        body={"names": [name]},
    )
    return submit_request(request, deployment, now=now)


def _find(*, by: Person, slug: str, deployment_id: str, name: str) -> tuple[Customer, Deployment, tuple[str, ...]]:
    customer, deployment = drafts.door(by=by, slug=slug, deployment_id=deployment_id)
    rows = EnvVar.objects.filter(deployment=deployment, name=name).order_by("environment")
    there = tuple(rows.values_list("environment", flat=True))
    if not settings.MIOSA.deletes_env or not there:
        raise NotFound
    return customer, deployment, tuple(filter(None, there))
