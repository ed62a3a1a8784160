"""Deleting a name, where the hosting service can and the setting allows."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from portal.models import Customer, Deployment, EnvVar
from portal.permissions import Person
from portal.services.env_vars import drafts
from portal.services.errors import NotFound
from portal.services.operations import accepting, doing, reasons, tokens
from portal.services.operations.accepting import OperationRequest
from portal.services.operations.kinds import Kind
from portal.services.operations.releases import Confirmed
from portal.services.queries import summaries
from portal.services.queries.operations import OperationPage
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
        token=tokens.draw(
            Kind.DELETE_ENV, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id, target_id=name
        ),
        customer=summaries.head(customer, by=by),
        deployment=summaries.deployment(deployment, customer, by=by),
        name=name,
        environments=there,
        reasons=reasons.ready(Kind.DELETE_ENV),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=doing.obstacle(deployment, now=now),
    )


def delete(
    *, by: Person, slug: str, deployment_id: str, name: str, confirmed: Confirmed, now: datetime
) -> OperationPage:
    """Raises as `reviews.apply` does."""
    customer, deployment = drafts.door(by=by, slug=slug, deployment_id=deployment_id)
    token = tokens.read(
        confirmed.token,
        Kind.DELETE_ENV,
        by=by,
        customer_id=customer.pk,
        deployment_id=deployment.miosa_id,
        target_id=name,
    )
    found = accepting.find(token)
    if found is not None:
        return doing.show(found, by=by, now=now)
    _find(by=by, slug=slug, deployment_id=deployment_id, name=name)
    reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    wish = OperationRequest(
        token=tokens.Token(token.id, token.kind, token.customer_id, token.deployment_id, "", ""),
        by=by,
        customer=customer,
        deployment_name=deployment.name,
        reason=reason,
        note=note,
        body={"names": [name]},
    )
    return doing.do(wish, deployment=deployment, obstacle="", by=by, now=now)


def _find(*, by: Person, slug: str, deployment_id: str, name: str) -> tuple[Customer, Deployment, tuple[str, ...]]:
    customer, deployment = drafts.door(by=by, slug=slug, deployment_id=deployment_id)
    rows = EnvVar.objects.filter(deployment=deployment, name=name).order_by("environment")
    there = tuple(rows.values_list("environment", flat=True))
    if not settings.MIOSA.deletes_env or not there:
        raise NotFound
    return customer, deployment, tuple(filter(None, there))
