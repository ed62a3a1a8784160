"""One domain: its status, the records to set, what DNS answers now, and the one thing to do."""

from dataclasses import dataclass
from datetime import datetime

from portal import dns
from portal.models import Customer, Deployment, Domain, DomainLink
from portal.permissions import Permission, Person
from portal.services.authorization import can
from portal.services.domains import lists, looking, messages, reading
from portal.services.domains.lists import DomainRow
from portal.services.errors import NotFound
from portal.services.operations.kinds.verify_domain import VerifyDomain
from portal.services.operations.tokens import Subject, create_token
from portal.services.queries import actions, customers, deployments, summaries
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record to set, as a DNS host's form wants it, and what stands there now. `finding` is a dns.Finding,
    empty before the first lookup.

    `label` is the name as most hosts want it, `full` the whole name. `see` is "We found … We need …".
    """

    type: str
    label: str
    full: str
    value: str
    ttl: int
    finding: str
    is_right: bool
    sentence: str
    action: str
    see: str
    source: str


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something that stands in the way without being asked for."""

    finding: str
    sentence: str
    action: str


@dataclass(frozen=True, slots=True)
class Spread:
    """What one public resolver sees already; None: could not ask."""

    resolver: str
    is_right: bool | None


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What both the signed-in page and the link without sign-in show."""

    row: DomainRow
    records: tuple[RecordRow, ...]
    blockers: tuple[Blocker, ...]
    spread: tuple[Spread, ...]
    provider: str
    provider_page: str
    can_pass: bool


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link that was made, without its secret."""

    id: int
    made_by: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DomainPage:
    customer: CustomerSummary
    deployment: DeploymentSummary
    facts: DomainFacts
    twin: str
    links: tuple[LinkRow, ...]
    verify_token: str
    may_verify: bool
    may_detach: bool
    may_redirect: bool
    may_share: bool
    obstacle: str


_NOT_CHECKED = dns.Message(dns.MessageCode.DNS_NOT_CHECKED)


def get_domain(*, by: Person, slug: str, deployment_id: str, domain_id: str, now: datetime) -> DomainPage:
    """Raises NotFound. DNS is never waited for: the worker looks, and the page shows what it last saw."""
    customer, deployment, domain = find(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    reading.read_if_stale(deployment, customer=customer, now=now)
    domain.refresh_from_db()
    looking.want([domain], now=now)
    may_share = can(Permission.SHARE_DOMAIN, customer, deployment, by=by)
    subject = Subject(VerifyDomain.name, customer.pk, deployment.miosa_id, domain.miosa_id)
    return DomainPage(
        customer=summaries.head(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by),
        facts=facts_of(domain, now=now),
        twin=_twin(domain),
        links=_links(domain, deployment, now=now) if may_share else (),
        verify_token=create_token(subject, by=by),
        may_verify=can(Permission.VERIFY_DOMAIN, customer, deployment, by=by),
        may_detach=can(Permission.DETACH_DOMAIN, customer, deployment, by=by),
        may_redirect=can(Permission.ADD_DOMAIN, customer, deployment, by=by),
        may_share=may_share,
        obstacle=actions.get_connection_obstacle(customer.connection),
    )


def find(*, by: Person, slug: str, deployment_id: str, domain_id: str) -> tuple[Customer, Deployment, Domain]:
    """Raises NotFound unless this person may see the domain."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id)
    domain = lists.seen_by(deployment, customer, by=by).filter(miosa_id=domain_id).first()
    if domain is None:
        raise NotFound
    return customer, deployment, domain


def facts_of(domain: Domain, *, now: datetime) -> DomainFacts:
    report = looking.report_of(domain, now=now)
    needed = reading.needed_of(domain)
    diagnoses = {each.record: each for each in report.records} if report else {}
    zone = report.zone if report else None
    return DomainFacts(
        row=lists.row_of(domain, now=now),
        records=tuple(_record(one, diagnoses.get(one), zone) for one in needed),
        blockers=tuple(
            Blocker(one.finding.value, messages.word_message(one.message), messages.word_fix(one.message))
            for one in (report.blockers if report else ())
        ),
        spread=tuple(Spread(one.host, one.is_correct) for one in (report.resolvers if report else ())),
        provider=report.provider.name if report and report.provider else "",
        provider_page=(report.provider_page or "") if report else "",
        can_pass=bool(report and report.can_pass),
    )


def _record(one: dns.RequiredRecord, diagnosis: dns.Diagnosis | None, zone: str | None) -> RecordRow:
    return RecordRow(
        type=one.type,
        label=one.get_label(zone),
        full=one.name,
        value=one.value,
        ttl=one.ttl,
        finding=diagnosis.finding.value if diagnosis else "",
        is_right=bool(diagnosis and diagnosis.is_correct),
        sentence=messages.word_message(diagnosis.message if diagnosis else _NOT_CHECKED),
        action=messages.word_fix(diagnosis.message if diagnosis else None),
        see=messages.word_message(diagnosis.comparison if diagnosis else None),
        source=(diagnosis.host or "") if diagnosis else "",
    )


def _twin(domain: Domain) -> str:
    """The other of example.com and www.example.com, if it is not attached yet."""
    try:
        twin = dns.parse_domain(domain.name).twin or ""
    except dns.InvalidDomain:
        return ""
    taken = Domain.objects.filter(deployment_id=domain.deployment_id, name=twin, gone_at=None).exists()
    return "" if taken else twin


def _links(domain: Domain, deployment: Deployment, *, now: datetime) -> tuple[LinkRow, ...]:
    rows = DomainLink.objects.filter(
        deployment_id=deployment.miosa_id, domain_id=domain.miosa_id, revoked_at=None, expires_at__gt=now
    )
    return tuple(LinkRow(row.pk, row.made_by, row.made_at, row.expires_at) for row in rows.order_by("-made_at"))
