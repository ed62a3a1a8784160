"""A link to send to whoever runs the DNS: no sign-in, unguessable, expiring, revocable, ending with the domain, and
showing one domain only.
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
from portal.services.domains import pages
from portal.services.domains.pages import DomainFacts
from portal.services.errors import NotFound, Unavailable

LASTS = timedelta(days=7)
_MOST_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class SharedDomain:
    """What a link shows: nothing of whose the domain is, or of what it leads to here."""

    facts: DomainFacts
    expires_at: datetime


@sensitive_variables()
def make(*, by: Person, slug: str, deployment_id: str, domain_id: str, now: datetime) -> str:
    """The secret of a new link, shown this once. Raises NotFound, Forbidden."""
    customer, deployment, domain = pages.find(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    require_permission(Permission.SHARE_DOMAIN, customer, deployment, by=by)
    secret = secrets.token_urlsafe(32)
    DomainLink.objects.create(
        secret_hash=_hash(secret),
        deployment_id=deployment.miosa_id,
        domain_id=domain.miosa_id,
        made_by=by.name,
        made_at=now,
        expires_at=now + LASTS,
    )
    return secret


def revoke(*, by: Person, slug: str, deployment_id: str, domain_id: str, link_id: int, now: datetime) -> None:
    """Raises NotFound, Forbidden."""
    customer, deployment, domain = pages.find(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    require_permission(Permission.SHARE_DOMAIN, customer, deployment, by=by)
    rows = DomainLink.objects.filter(pk=link_id, deployment_id=deployment.miosa_id, domain_id=domain.miosa_id)
    if not rows.filter(revoked_at=None).update(revoked_at=now):
        raise NotFound


@sensitive_variables()
def open_link(*, secret: str, address: str, now: datetime) -> SharedDomain:
    """What the link shows. Opening it changes nothing. Raises NotFound once it is over, Unavailable for too many from
    one address.
    """
    _limit(address, now=now)
    link = DomainLink.objects.filter(secret_hash=_hash(secret), revoked_at=None, expires_at__gt=now).first()
    if link is None:
        raise NotFound
    domain = Domain.objects.filter(
        deployment__miosa_id=link.deployment_id, deployment__gone_at=None, miosa_id=link.domain_id, gone_at=None
    ).first()
    if domain is None:
        raise NotFound
    return SharedDomain(pages.facts_of(domain, now=now), link.expires_at)


def _limit(address: str, *, now: datetime) -> None:
    key = f"link:{hashlib.sha256(address.encode()).hexdigest()[:16]}:{now.minute}"
    cache.add(key, 0, 120)
    try:
        seen = cache.incr(key)
    except ValueError:
        return
    if seen > _MOST_A_MINUTE:
        raise Unavailable(_("Too many requests from one address. Try again in a minute."), retry_after_s=60)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
