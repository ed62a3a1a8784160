"""Rows of domains, read from MIOSA and remembered, each sorted to its customer."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from portal import dns, miosa
from portal.models import Customer, Deployment, Domain, Freshness
from portal.services import upstream
from portal.services.budget import Purpose
from portal.services.refreshing import lease
from portal.services.remembering import customers, texts

logger = logging.getLogger(__name__)

FRESH = timedelta(seconds=60)
WAITING = ("pending", "verifying", "failed", "")
WORKING = ("verified", "active")
LOOK_DAILY = timedelta(hours=20)


def scope(deployment_id: int) -> str:
    return f"domains:{deployment_id}"


def read_if_stale(deployment: Deployment, *, customer: Customer, now: datetime) -> None:
    """Trouble is noted, never raised: memory goes on being shown."""
    row = lease.get(scope(deployment.pk))
    if deployment.gone_at is not None or (row.read_at is not None and now - row.read_at < FRESH):
        return
    try:
        read(deployment, ask=upstream.client(Purpose.READ, customer_id=customer.pk), now=now)
    except miosa.MiosaError as error:
        logger.info("domains not read", extra={"deployment": deployment.miosa_id, "reason": error.code})


def read(deployment: Deployment, *, ask: miosa.Client, now: datetime) -> None:
    """All domains of a deployment again. Raises miosa.MiosaError."""
    seen = set()
    for page in ask.domains.pages(deployment.miosa_id):
        for row in page.items:
            seen.add(row.id)
            remember(deployment, row, now=now)
        seen.update(broken.id for broken in page.unreadable if broken.id)
    Domain.objects.filter(deployment=deployment, gone_at=None).exclude(miosa_id__in=seen).update(
        gone_at=now, next_look_at=None
    )
    count_waiting(deployment.pk)
    row_ = lease.get(scope(deployment.pk))
    Freshness.objects.filter(pk=row_.pk).update(read_at=now, error="", failed_at=None)


def remember(deployment: Deployment, row: miosa.Domain, *, now: datetime) -> Domain:
    name = texts.line(row.domain, most=253).lower().rstrip(".")
    needed = dns.needed(
        name,
        dns_records=row.dns_records,
        instructions=row.instructions,
        verification_target=row.verification_target,
    )
    values: dict[str, Any] = {
        "customer": _owner(deployment, row),
        "name": name,
        "status": (row.status or "").lower()[:60],
        "error_code": (row.error_code or "")[:100],
        "redirect_policy": (row.redirect_policy or "")[:60],
        "verified_at": row.verified_at,
        "created_at": row.created_at,
        "gone_at": now if row.status == "removed" else None,
    }
    told = [{"type": one.type, "name": one.name, "value": one.value, "ttl": one.ttl} for one in needed]
    known = Domain.objects.filter(deployment=deployment, miosa_id=row.id).first()
    if known is None:
        known = Domain.objects.create(deployment=deployment, miosa_id=row.id, needed=told, next_look_at=now, **values)
        count_waiting(deployment.pk)
        return known
    if told:
        # A verified row may no longer say what it needed; what it needed stays true.
        values["needed"] = told
    moved = known.status != values["status"]
    for column, value in values.items():
        setattr(known, column, value)
    if moved:
        known.next_look_at = now
    known.save(update_fields=[*values, "next_look_at"])
    if moved:
        count_waiting(deployment.pk)
    if moved and known.customer_id:
        customers.touch({known.customer_id})
    return known


def count_waiting(deployment_id: int) -> None:
    """For the line of their app: those that do not lead here yet, or do not any more."""
    there = Domain.objects.filter(deployment=deployment_id, gone_at=None, customer__isnull=False)
    waiting = there.filter(~Q(status__in=WORKING) | Q(drifted_at__isnull=False)).count()
    changed = Deployment.objects.filter(pk=deployment_id).exclude(domains_waiting=waiting)
    if changed.update(domains_waiting=waiting):
        customers.touch(there.values_list("customer", flat=True).distinct())


def needed_of(domain: Domain) -> tuple[dns.Needed, ...]:
    return tuple(dns.Needed(one["type"], one["name"], one["value"], one["ttl"]) for one in domain.needed)


def _owner(deployment: Deployment, row: miosa.Domain) -> Customer | None:
    """Its own attribution, else its deployment's; on a shared deployment a silent row is for staff alone."""
    stated = row.external_workspace_id
    if isinstance(stated, str) and stated:
        return customers.ensure(stated)
    return None if deployment.is_shared else deployment.customer
