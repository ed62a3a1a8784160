"""The domains of a deployment."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal import dns
from portal.models import Customer, Deployment, Domain
from portal.permissions import Permission, Person
from portal.services.authorization import can
from portal.services.domains import looking, messages, reading
from portal.services.queries import actions, ages, customers, deployments, summaries
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary
from portal.services.sync import scopes


@dataclass(frozen=True, slots=True)
class StatusItem:
    """`state` is ok, failed, waiting or unknown; `cause` is one sentence."""

    state: str
    cause: str


@dataclass(frozen=True, slots=True)
class DomainRow:
    """A domain in the list, with its status in three parts. `has_drifted`: it worked, and its DNS is wrong now."""

    id: str
    name: str
    shown: str
    status: str
    ownership: StatusItem
    dns: StatusItem
    certificate: StatusItem
    has_drifted: bool
    redirect_policy: str
    looked_at: datetime | None
    next_look_at: datetime | None
    is_looking: bool


@dataclass(frozen=True, slots=True)
class DomainsPage:
    """`was_read`: what MIOSA says of domains is known at all; without it an empty list means nothing."""

    customer: CustomerSummary
    deployment: DeploymentSummary
    rows: tuple[DomainRow, ...]
    may_add: bool
    add_obstacle: str
    was_read: bool
    age: Age


def get_domains(*, by: Person, slug: str, deployment_id: str, now: datetime) -> DomainsPage:
    """Raises NotFound. What can't be read now is shown from memory with its age; DNS is never waited for."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id)
    reading.read_if_stale(deployment, customer=customer, now=now)
    rows = list(seen_by(deployment, customer, by=by).order_by("name", "pk"))
    looking.want(rows, now=now)
    return DomainsPage(
        customer=summaries.head(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by),
        rows=tuple(row_of(domain, now=now) for domain in rows),
        may_add=can(Permission.ADD_DOMAIN, customer, deployment, by=by),
        add_obstacle=actions.get_gone_obstacle(deployment) or actions.get_connection_obstacle(customer.connection),
        was_read=scopes.get_freshness(reading.scope(deployment.pk)).read_at is not None,
        age=ages.get_age(
            customer,
            scopes.get_freshness(reading.scope(deployment.pk)),
            filling=False,
            now=now,
            fresh_for=2 * reading.FRESH,
        ),
    )


def find_id(*, by: Person, slug: str, deployment_id: str, name: str) -> str:
    """The id of a domain by its name, from memory alone; empty if there is none that this person may see."""
    rows = Domain.objects.filter(deployment__miosa_id=deployment_id, name=name, gone_at=None)
    shown = rows if by.sees_everyone else rows.filter(customer__slug=slug)
    return shown.order_by("-pk").values_list("miosa_id", flat=True).first() or ""


def count(*, by: Person, slug: str, deployment_id: str) -> int:
    """How many domains this person may see on a deployment, from memory alone."""
    rows = Domain.objects.filter(deployment__miosa_id=deployment_id, gone_at=None)
    return (rows if by.sees_everyone else rows.filter(customer__slug=slug)).count()


def seen_by(deployment: Deployment, customer: Customer, *, by: Person) -> QuerySet[Domain]:
    """The domains of a deployment that a person may see: who sees every customer all, others those of this one."""
    rows = Domain.objects.filter(deployment=deployment, gone_at=None)
    return rows if by.sees_everyone else rows.filter(customer=customer)


def list_names(deployment: Deployment, *, customer: Customer, by: Person) -> tuple[str, ...]:
    """The custom domains that switch with a deployment; on a shared one, for a customer's person, its own."""
    reading.read_if_stale(deployment, customer=customer, now=timezone.now())
    rows = seen_by(deployment, customer, by=by).filter(~Q(status="removed"))
    return tuple(rows.order_by("name").values_list("name", flat=True))


def row_of(domain: Domain, *, now: datetime) -> DomainRow:
    report = looking.report_of(domain, now=now)
    status = dns.get_status(domain.status, report, error_code=domain.error_code or None)
    return DomainRow(
        id=domain.miosa_id,
        name=domain.name,
        shown=looking.shown(domain.name),
        status=domain.status,
        ownership=_word_item(status.ownership),
        dns=_word_item(status.dns),
        certificate=_word_item(status.certificate),
        has_drifted=domain.drifted_at is not None,
        redirect_policy=domain.redirect_policy,
        looked_at=domain.looked_at,
        next_look_at=domain.next_look_at,
        is_looking=looking.is_under_way(domain, now=now),
    )


def _word_item(item: dns.StatusItem) -> StatusItem:
    return StatusItem(item.state.value, messages.word_message(item.message))
