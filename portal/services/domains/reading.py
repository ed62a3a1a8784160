"""Rows of domains, read from MIOSA and remembered, each sorted to its customer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from msgspec import UNSET

from portal import dns, miosa
from portal.models import Customer, Deployment, Domain
from portal.services import clean_text
from portal.services.sync import limits
from portal.services.sync.details import Detail
from portal.services.sync.upsert import customer_links, customer_rows
from portal.services.sync.upsert.attribution import normalize_external_id

FRESH = limits.DETAILS_FRESH
WAITING = ("pending", "verifying", "failed", "")
WORKING = ("verified", "active")
LOOK_DAILY = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Found:
    """What a list held. `broken` are ids of rows that can't be read; `is_whole`: no other can be there."""

    rows: tuple[miosa.Domain, ...]
    broken: frozenset[str]
    is_whole: bool


def needed_of(domain: Domain) -> tuple[dns.RequiredRecord, ...]:
    return tuple(dns.RequiredRecord(one["type"], one["name"], one["value"], one["ttl"]) for one in domain.needed)


def count_waiting(deployment: Deployment) -> None:
    """For the line of their app: those that do not lead here yet, or do not any more."""
    there = Domain.objects.filter(deployment=deployment, gone_at=None, customer__isnull=False)
    waiting = there.filter(~Q(status__in=WORKING) | Q(drifted_at__isnull=False)).count()
    changed = Deployment.objects.filter(pk=deployment.pk).exclude(domains_waiting=waiting)
    if changed.update(domains_waiting=waiting):
        customer_rows.bump_generation(customer_links.list_customer_ids(deployment))


def _list(deployment: Deployment, ask: miosa.Client) -> Found:
    """Raises miosa.MiosaError."""
    rows: dict[str, miosa.Domain] = {}
    broken: set[str] = set()
    is_whole = True
    for page in ask.domains.pages(deployment.miosa_id):
        rows |= {row.id: row for row in page.items}
        broken |= {row.id for row in page.unreadable if row.id}
        is_whole = is_whole and not page.loop and all(row.id for row in page.unreadable)
    return Found(tuple(rows.values()), frozenset(broken), is_whole)


def _remember(deployment: Deployment, found: Found, now: datetime) -> None:
    known = {domain.miosa_id: domain for domain in Domain.objects.filter(deployment=deployment)}
    owners = _owners(found.rows)
    there = {one.external_workspace_id for one in found.rows if not _is_removed(one)}
    # It is shared by a foreign row wherever that stands in the list: what becomes of a silent one depends on it.
    customer_links.add_customers(deployment, {customer.pk for stated, customer in owners.items() if stated in there})
    touched: set[int | None] = set()
    for row in found.rows:
        touched |= _take(deployment, row, known.get(row.id), owners, now=now)
    if found.is_whole:
        listed = {row.id for row in found.rows} | found.broken
        gone = [one for one in known.values() if one.gone_at is None and one.miosa_id not in listed]
        touched |= {one.customer_id for one in gone}
        Domain.objects.filter(pk__in=[one.pk for one in gone]).update(gone_at=now, next_look_at=None)
    if deployment.is_shared and Domain.objects.filter(deployment=deployment, customer=None, gone_at=None).exists():
        customer_links.add_customers(deployment, {customer_rows.get_unassigned().pk})
    if touched:
        customer_links.remove_unused(deployment)
        customer_rows.bump_generation({pk for pk in touched if pk} | customer_links.list_customer_ids(deployment))
    count_waiting(deployment)


def _owners(rows: Iterable[miosa.Domain]) -> dict[str, Customer]:
    """The customer of each attribution that rows state; of an illegible one Unassigned, since it is not the app's."""
    stated = {row.external_workspace_id for row in rows}
    told = {one for one in stated if isinstance(one, str) and one}
    found = customer_rows.ensure_customers(one for one in told if normalize_external_id(one) is not UNSET)
    return found | {one: customer_rows.get_unassigned() for one in told if one not in found}


def _is_removed(row: miosa.Domain) -> bool:
    return (row.status or "").lower() == "removed"


def _take(
    deployment: Deployment, row: miosa.Domain, known: Domain | None, owners: dict[str, Customer], *, now: datetime
) -> set[int | None]:
    """Whose something changed by this row: nobody's, if it says what is known."""
    values = _values(row) | {"customer_id": _owner_id(deployment, row, known, owners)}
    values["gone_at"] = (known and known.gone_at) or now if _is_removed(row) else None
    if known is None:
        Domain.objects.create(deployment=deployment, miosa_id=row.id, next_look_at=now, **values)
        return {values["customer_id"]}
    if not values["needed"]:
        # A verified row may no longer say what it needed; what it needed stays true.
        del values["needed"]
    changed = {name: value for name, value in values.items() if getattr(known, name) != value}
    if "status" in changed or (known.gone_at is not None and values["gone_at"] is None):
        changed["next_look_at"] = now
    if not changed:
        return set()
    Domain.objects.filter(pk=known.pk).update(**changed)
    return {known.customer_id, values["customer_id"]}


def _values(row: miosa.Domain) -> dict[str, Any]:
    name = clean_text.line(row.domain, most=253).lower().rstrip(".")
    needed = dns.parse_required_records(
        name,
        dns_records=row.dns_records,
        instructions=row.instructions,
        verification_target=row.verification_target,
    )
    return {
        "name": name,
        "status": (row.status or "").lower()[:60],
        "error_code": (row.error_code or "")[:100],
        "redirect_policy": (row.redirect_policy or "")[:60],
        "verified_at": row.verified_at,
        "created_at": row.created_at,
        "needed": [{"type": one.type, "name": one.name, "value": one.value, "ttl": one.ttl} for one in needed],
    }


def _owner_id(
    deployment: Deployment, row: miosa.Domain, known: Domain | None, owners: dict[str, Customer]
) -> int | None:
    """Its own attribution, else its deployment's when it was first seen; on a shared one a silent row is for staff."""
    stated = row.external_workspace_id
    if isinstance(stated, str) and stated:
        return owners[stated].pk
    if known is not None and known.customer_id:
        return known.customer_id
    return None if deployment.is_shared else deployment.customer_id


DOMAINS = Detail("domains", _list, _remember)
scope, read, read_if_stale = DOMAINS.scope, DOMAINS.read, DOMAINS.read_if_stale
