"""A link to one domain's DNS records, for people who set them without an account here.

It needs no sign-in, cannot be guessed, and can be revoked. It ends after seven days, with the domain, or once its
creator may no longer share it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from portal.models import Deployment, Domain, DomainLink
from portal.permissions import Permission, Person
from portal.services import people, secret_links
from portal.services.audit.record import record
from portal.services.authorization import can, require_permission
from portal.services.domains.queries import get_domain_detail, load_domain
from portal.services.domains.schemas import DomainDetail, ShareLink
from portal.services.errors import NotFound
from portal.services.people import staff_names

VALID_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SharedDomain:
    """What a link shows: neither the domain's customer nor its deployment."""

    detail: DomainDetail
    expires_at: datetime


@sensitive_variables()
def create_link(*, by: Person, slug: str, deployment_id: str, domain_id: str, now: datetime) -> str:
    """The secret of a new link. Only its hash is stored, so it can be shown once. Raises NotFound, Forbidden."""
    customer, deployment, domain = load_domain(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    require_permission(Permission.SHARE_DOMAIN, customer, deployment, by=by)
    secret, role = secret_links.create_secret(), by.role_at(customer.pk)
    with transaction.atomic():
        DomainLink.objects.create(
            secret_hash=secret_links.hash_secret(secret),
            deployment_id=deployment.miosa_id,
            domain_id=domain.miosa_id,
            created_by=by.name,
            created_by_role=role.value if role else "",
            creator_id=by.id,
            created_at=now,
            expires_at=now + VALID_FOR,
        )
        record("dns_link.created", by=by, customer=customer, target=domain.name)
    return secret


def revoke_link(*, by: Person, slug: str, deployment_id: str, domain_id: str, link_id: int, now: datetime) -> None:
    """Raises NotFound, Forbidden."""
    customer, deployment, domain = load_domain(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    require_permission(Permission.SHARE_DOMAIN, customer, deployment, by=by)
    links = DomainLink.objects.filter(pk=link_id, deployment_id=deployment.miosa_id, domain_id=domain.miosa_id)
    with transaction.atomic():
        if not links.filter(revoked_at=None).update(revoked_at=now):
            raise NotFound
        record("dns_link.revoked", by=by, customer=customer, target=domain.name)


def list_links(domain: Domain, deployment: Deployment, *, by: Person, now: datetime) -> tuple[ShareLink, ...]:
    """The links of a domain that still work, newest first."""
    links = DomainLink.objects.filter(deployment_id=deployment.miosa_id, domain_id=domain.miosa_id)
    active = list(links.filter(revoked_at=None, expires_at__gt=now).order_by("-created_at"))
    allowed = {each for each in {link.creator_id for link in active} if _may_share(domain, each)}
    return tuple(
        ShareLink(
            each.pk,
            staff_names.show_person(each.created_by, each.created_by_role, by=by)[0],
            each.created_at,
            each.expires_at,
        )
        for each in active
        if each.creator_id in allowed
    )


@sensitive_variables()
def open_link(*, secret: str, address: str, now: datetime) -> SharedDomain:
    """Changes nothing. `address` is what the visitor's IP address counts as.

    Raises NotFound for a link that never existed or has ended, Unavailable after too many requests from an address.
    """
    secret_links.count_visit(address, now=now)
    link = DomainLink.objects.filter(
        secret_hash=secret_links.hash_secret(secret), revoked_at=None, expires_at__gt=now
    ).first()
    if link is None:
        raise NotFound
    attached = Domain.objects.filter(gone_at=None, deployment__gone_at=None).select_related("customer", "deployment")
    domain = attached.filter(deployment__miosa_id=link.deployment_id, miosa_id=link.domain_id).first()
    if domain is None or not _may_share(domain, link.creator_id):
        raise NotFound
    return SharedDomain(get_domain_detail(domain, now=now), link.expires_at)


def _may_share(domain: Domain, creator_id: int | None) -> bool:
    creator = people.find_person(creator_id)
    if creator is None:
        return False
    if domain.customer is None:
        return creator.sees_everyone
    return can(Permission.SHARE_DOMAIN, domain.customer, domain.deployment, by=creator)
