"""Making, naming and deleting deployments: for operators."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.models import Deployment, Version
from portal.permissions import Person
from portal.services import clean_text
from portal.services.domains import pages as domain_pages
from portal.services.errors import Invalid
from portal.services.operations import doing, reasons, tokens
from portal.services.operations.accepting import OperationRequest
from portal.services.operations.kinds import RULES, Kind
from portal.services.operations.releases import Confirmed
from portal.services.queries import customers, deployments, summaries
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class LifecycleForm:
    """`deployment` None: one is made. For a deletion, what is lost: its versions and its domains."""

    kind: Kind
    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary | None
    versions_lost: int
    domains_lost: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str


def draw(*, by: Person, slug: str, kind: Kind, deployment_id: str = "", now: datetime) -> LifecycleForm:
    """The form to create, rename or delete. Raises NotFound, Forbidden."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id) if deployment_id else None
    doing.require_right(RULES[kind].right, customer, deployment, by=by)
    deletes = kind is Kind.DELETE and deployment is not None
    return LifecycleForm(
        kind=kind,
        token=tokens.draw(
            kind, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id if deployment else "new"
        ),
        customer=summaries.head(customer, by=by),
        deployment=summaries.deployment(deployment, customer, by=by) if deployment else None,
        versions_lost=Version.objects.filter(deployment=deployment).count() if deletes else 0,
        domains_lost=domain_pages.list_names(deployment, customer=customer, by=by, now=now)
        if deletes and deployment
        else (),
        reasons=reasons.ready(kind),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=_gone(deployment) or doing.obstacle(deployment, now=now),
    )


def do(
    *, by: Person, slug: str, kind: Kind, name: str, confirmed: Confirmed, deployment_id: str = "", now: datetime
) -> OperationPage:
    """Create or rename to `name`; delete, with `name` typed to confirm. Raises as `releases.release` does."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id) if deployment_id else None
    doing.require_right(RULES[kind].right, customer, deployment, by=by)
    place = deployment.miosa_id if deployment else "new"
    token = tokens.read(confirmed.token, kind, by=by, customer_id=customer.pk, deployment_id=place)
    reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    clean = clean_text.line(name, most=_LONGEST_NAME + 1)
    _require_name(kind, clean, deployment)
    body: dict[str, object] = {} if kind is Kind.DELETE else {"name": clean}
    if kind is Kind.CREATE:
        token = tokens.Token(token.id, token.kind, token.customer_id, f"new:{token.id.hex}", "", "")
        body |= {"external_workspace_id": customer.external_id} if customer.external_id else {}
    wish = OperationRequest(
        token=token,
        by=by,
        customer=customer,
        deployment_name=deployment.name if deployment else clean,
        reason=reason,
        note=note,
        body=body,
    )
    return doing.do(wish, deployment=deployment, obstacle=_gone(deployment), by=by, now=now)


def _require_name(kind: Kind, name: str, deployment: Deployment | None) -> None:
    if kind is Kind.DELETE and deployment is not None:
        if name != deployment.name:
            raise Invalid({"name": _("Type the app's name exactly as it stands above.")})
        return
    if not name:
        raise Invalid({"name": _("Give it a name.")})
    if len(name) > _LONGEST_NAME:
        raise Invalid({"name": _("Please keep the name below %(most)s characters.") % {"most": _LONGEST_NAME}})


def _gone(deployment: Deployment | None) -> str:
    if deployment is not None and deployment.gone_at is not None:
        return _("The hosting service does not know this app any more.")
    return ""
