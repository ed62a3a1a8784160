"""Domains as pages and share links show them: the list of a deployment's domains, and one domain with its records.

Reads our tables only. A person sees the domains of the page's customer; staff who see every customer see all
domains of the deployment, also those without a known customer (docs/rules.md, 1).
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from django.db.models import QuerySet

from portal import dns
from portal.models import Customer, Deployment, Domain
from portal.permissions import Permission, Person
from portal.services import open_words
from portal.services.authorization import can
from portal.services.domains import reports
from portal.services.domains.messages import word_fix, word_message
from portal.services.domains.schemas import (
    Blocker,
    DomainDetail,
    DomainList,
    DomainPage,
    DomainSummary,
    RequiredRecord,
    ResolverState,
    ShareLink,
    StatusItem,
)
from portal.services.errors import NotFound
from portal.services.queries import actions, deployments, summaries
from portal.services.queries.schemas import Age


def load_domain(*, by: Person, slug: str, deployment_id: str, domain_id: str) -> tuple[Customer, Deployment, Domain]:
    """A domain, and the customer and deployment it was found through. Raises NotFound if `by` may not see it."""
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    return customer, deployment, get_visible_domain(deployment, customer, domain_id, by=by)


def get_visible_domain(deployment: Deployment, customer: Customer, domain_id: str, *, by: Person) -> Domain:
    """Raises NotFound."""
    domain = filter_visible(deployment, customer, by=by).filter(miosa_id=domain_id).first()
    if domain is None:
        raise NotFound
    return domain


def filter_visible(deployment: Deployment, customer: Customer, *, by: Person) -> QuerySet[Domain]:
    domains = Domain.objects.filter(deployment=deployment, gone_at=None)
    return domains if by.sees_everyone else domains.filter(customer=customer)


def find_domain_id(*, by: Person, slug: str, deployment_id: str, name: str) -> str:
    """MIOSA's id of a domain, by its name; empty if there is none. For callers who checked access to the customer."""
    named = _filter_by_ids(by=by, slug=slug, deployment_id=deployment_id).filter(name=name)
    return named.order_by("-pk").values_list("miosa_id", flat=True).first() or ""


def count_domains(*, by: Person, slug: str, deployment_id: str) -> int:
    """For callers who checked access to the customer."""
    return _filter_by_ids(by=by, slug=slug, deployment_id=deployment_id).count()


def find_free_twin(deployment: Deployment, name: str) -> str:
    """The other of example.com and www.example.com; empty if there is none, or it is attached to the deployment."""
    try:
        twin = dns.parse_domain(name).twin or ""
    except dns.InvalidDomain:
        return ""
    is_attached = Domain.objects.filter(deployment=deployment, name=twin, gone_at=None).exists()
    return "" if is_attached else twin


def get_domain_list(
    customer: Customer,
    deployment: Deployment,
    domains: Iterable[Domain],
    *,
    add_token: str,
    age: Age,
    by: Person,
    now: datetime,
) -> DomainList:
    """`domains` are those that `by` may see, `age` is that of MIOSA's list."""
    listed = [summarize_domain(domain, reports.find_report(domain, now=now), now=now) for domain in domains]
    can_add = can(Permission.ADD_DOMAIN, customer, deployment, by=by)
    return DomainList(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        domains=tuple(sorted(listed, key=_get_rank)),
        can_add=can_add,
        add_token=add_token if can_add else "",
        add_obstacle=actions.get_gone_obstacle(deployment) or actions.get_connection_obstacle(customer.connection),
        is_known=age.as_of is not None,
        age=age,
    )


def get_domain_page(
    customer: Customer,
    deployment: Deployment,
    domain: Domain,
    *,
    links: tuple[ShareLink, ...],
    verify_token: str,
    by: Person,
    now: datetime,
) -> DomainPage:
    """`links` are shown to those who may share the domain."""
    can_share = can(Permission.SHARE_DOMAIN, customer, deployment, by=by)
    return DomainPage(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        detail=get_domain_detail(domain, now=now),
        twin=find_free_twin(deployment, domain.name),
        links=links if can_share else (),
        verify_token=verify_token,
        can_verify=can(Permission.VERIFY_DOMAIN, customer, deployment, by=by),
        can_detach=can(Permission.DETACH_DOMAIN, customer, deployment, by=by),
        can_redirect=can(Permission.ADD_DOMAIN, customer, deployment, by=by),
        can_share=can_share,
    )


def get_domain_detail(domain: Domain, *, now: datetime) -> DomainDetail:
    """Makes no query."""
    report = reports.find_report(domain, now=now)
    summary = summarize_domain(domain, report, now=now)
    required = reports.list_required_records(domain)
    if report is None:
        unchecked = tuple(row for record in required for row in _describe_record(record, None, zone=None))
        return DomainDetail(summary, unchecked, (), (), provider="", provider_url="", delegated_zone="")
    diagnoses = {each.record: each for each in report.records}
    described = (_describe_record(each, diagnoses.get(each), zone=report.zone) for each in required)
    return DomainDetail(
        summary=summary,
        records=tuple(row for rows in described for row in rows),
        blockers=tuple(
            Blocker(each.finding.value, each.finding.is_caution, word_message(each.message), word_fix(each.message))
            for each in report.blockers
        ),
        resolvers=tuple(ResolverState(each.host, each.is_correct) for each in report.resolvers),
        provider=report.provider.name if report.provider else "",
        provider_url=report.provider_page or "",
        delegated_zone=report.zone or "" if report.is_delegated else "",
    )


def _filter_by_ids(*, by: Person, slug: str, deployment_id: str) -> QuerySet[Domain]:
    domains = Domain.objects.filter(deployment__miosa_id=deployment_id, gone_at=None)
    return domains if by.sees_everyone else domains.filter(customer__slug=slug)


def summarize_domain(domain: Domain, report: dns.Report | None, *, now: datetime) -> DomainSummary:
    """Makes no query."""
    status = dns.get_status(domain.status, report, error_code=domain.error_code or None)
    return DomainSummary(
        id=domain.miosa_id,
        name=domain.name,
        display_name=reports.get_display_name(domain.name),
        status=_show_word(domain.status, open_words.DOMAIN_STATES),
        ownership=_word_status(status.ownership),
        dns=_word_status(status.dns),
        certificate=_word_status(status.certificate),
        has_drifted=domain.drifted_at is not None,
        leads_elsewhere=report is None or dns.leads_elsewhere(report),
        redirect_policy=_show_word(domain.redirect_policy, open_words.REDIRECT_POLICIES),
        checked_at=domain.checked_at,
        next_check_at=domain.next_check_at,
        is_being_checked=domain.is_being_checked(now=now),
    )


def _get_rank(domain: DomainSummary) -> int:
    """The worst of its three statuses."""
    order = ("failed", "waiting", "unknown", "ok")
    return min(order.index(item.state) for item in (domain.ownership, domain.dns, domain.certificate))


def _show_word(word: str, known: Collection[str]) -> str:
    """Pages about domains also are for people without an account, so that they show nobody an unknown word."""
    return word if not word or word in known else open_words.OTHER


def _word_status(item: dns.StatusItem) -> StatusItem:
    return StatusItem(item.state.value, word_message(item.message))


def _describe_record(
    record: dns.RequiredRecord, diagnosis: dns.Diagnosis | None, *, zone: str | None
) -> Iterator[RequiredRecord]:
    """What to enter at the DNS provider: more than one record where an alias has to be given by addresses.

    The first one has the texts.
    """
    message: dns.Message | None = diagnosis.message if diagnosis else dns.Message(dns.MessageCode.DNS_NOT_CHECKED)
    fix, found_at = (diagnosis.message, diagnosis.found_at) if diagnosis else (None, None)
    for advised in diagnosis.advised if diagnosis else dns.advise(record, None):
        yield RequiredRecord(
            type=advised.type,
            label=record.get_label(zone),
            full_name=record.name,
            value=advised.value,
            ttl=record.ttl,
            finding=diagnosis.finding.value if diagnosis else "",
            is_correct=bool(diagnosis and diagnosis.is_correct),
            message=word_message(message),
            fix=word_fix(fix),
            found=word_message(found_at),
        )
        message = fix = found_at = None
