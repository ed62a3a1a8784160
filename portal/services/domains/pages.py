"""Opening a page of domains: read MIOSA's list again if it is stale, request DNS checks, then query.

What can't be read now is shown as it is stored, with its age. DNS is never waited for: the worker runs the checks.
"""

from datetime import datetime

from portal.models import Customer, Deployment
from portal.permissions import Person
from portal.services.domains import checks, fetch, queries, share_links
from portal.services.domains.schemas import DomainList, DomainPage
from portal.services.operations import reasons
from portal.services.operations.kinds.add_domain import AddDomain
from portal.services.operations.kinds.verify_domain import VerifyDomain
from portal.services.operations.tokens import Subject, create_token
from portal.services.queries import ages, deployments
from portal.services.queries.schemas import Age
from portal.services.sync import scopes


def open_domain_list(*, by: Person, slug: str, deployment_id: str, now: datetime) -> DomainList:
    """Raises NotFound."""
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    fetch.refresh_if_stale(deployment, customer=customer, now=now)
    domains = list(queries.filter_visible(deployment, customer, by=by).order_by("name", "pk"))
    checks.request_checks(domains, now=now)
    token = (
        ""
        if reasons.is_required(by)
        else create_token(Subject(AddDomain.name, customer.pk, deployment.miosa_id), by=by)
    )
    age = _get_age(customer, deployment, by=by, now=now)
    return queries.get_domain_list(customer, deployment, domains, add_token=token, age=age, by=by, now=now)


def open_domain(*, by: Person, slug: str, deployment_id: str, domain_id: str, now: datetime) -> DomainPage:
    """Raises NotFound."""
    customer, deployment, _ = queries.load_domain(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    fetch.refresh_if_stale(deployment, customer=customer, now=now)
    domain = queries.get_visible_domain(deployment, customer, domain_id, by=by)
    checks.request_checks([domain], now=now)
    token = create_token(Subject(VerifyDomain.name, customer.pk, deployment.miosa_id, domain.miosa_id), by=by)
    links = share_links.list_links(domain, deployment, by=by, now=now)
    return queries.get_domain_page(customer, deployment, domain, links=links, verify_token=token, by=by, now=now)


def _get_age(customer: Customer, deployment: Deployment, *, by: Person, now: datetime) -> Age:
    freshness = scopes.get_freshness(fetch.scope(deployment.pk))
    return ages.get_age(customer, freshness, by=by, filling=False, now=now, fresh_for=2 * fetch.FRESH_FOR)
