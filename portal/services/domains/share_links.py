"""A link to one domain's DNS records, for people who set them without an account here.

It needs no sign-in, can't be guessed, can be revoked, and ends after seven days or with the domain.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.models import Domain, DomainLink
from portal.permissions import Permission, Person
from portal.services.authorization import require_permission
from portal.services.domains.queries import DomainDetail, get_domain_detail, load_domain
from portal.services.errors import NotFound, Unavailable

VALID_FOR = timedelta(days=7)
_MOST_PER_MINUTE = 60


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
    secret = secrets.token_urlsafe(32)
    DomainLink.objects.create(
        secret_hash=_hash(secret),
        deployment_id=deployment.miosa_id,
        domain_id=domain.miosa_id,
        created_by=by.name,
        created_at=now,
        expires_at=now + VALID_FOR,
    )
    return secret


def revoke_link(*, by: Person, slug: str, deployment_id: str, domain_id: str, link_id: int, now: datetime) -> None:
    """Raises NotFound, Forbidden."""
    customer, deployment, domain = load_domain(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    require_permission(Permission.SHARE_DOMAIN, customer, deployment, by=by)
    links = DomainLink.objects.filter(pk=link_id, deployment_id=deployment.miosa_id, domain_id=domain.miosa_id)
    if not links.filter(revoked_at=None).update(revoked_at=now):
        raise NotFound


@sensitive_variables()
def open_link(*, secret: str, address: str, now: datetime) -> SharedDomain:
    """Changes nothing. `address` is the visitor's IP address.

    Raises NotFound for a link that never existed or has ended, Unavailable after too many requests from an address.
    """
    _limit(address, now=now)
    link = DomainLink.objects.filter(secret_hash=_hash(secret), revoked_at=None, expires_at__gt=now).first()
    if link is None:
        raise NotFound
    attached = Domain.objects.filter(gone_at=None, deployment__gone_at=None)
    domain = attached.filter(deployment__miosa_id=link.deployment_id, miosa_id=link.domain_id).first()
    if domain is None:
        raise NotFound
    return SharedDomain(get_domain_detail(domain, now=now), link.expires_at)


def _limit(address: str, *, now: datetime) -> None:
    key = f"link:{hashlib.sha256(address.encode()).hexdigest()[:16]}:{now.minute}"
    cache.add(key, 0, 120)
    try:
        requests = cache.incr(key)
    except ValueError:
        # It expired between the two calls.
        return
    if requests > _MOST_PER_MINUTE:
        raise Unavailable(_("Too many requests from one address. Try again in a minute."), retry_after_s=60)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
