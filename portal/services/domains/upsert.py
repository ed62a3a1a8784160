"""Store the domains that MIOSA lists for a deployment, each with the customer who owns it (docs/rules.md, 1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import UNSET

from portal import dns, miosa
from portal.models import Customer, Deployment, Domain
from portal.services import clean_text
from portal.services.sync.upsert import customer_links, customer_rows
from portal.services.sync.upsert.attribution import normalize_external_id
from portal.wakeup import notify_worker

_FIELDS = (
    *("name", "status", "error_code", "redirect_policy", "required_records", "verified_at", "created_at"),
    *("customer", "gone_at"),
)


@dataclass(frozen=True, slots=True)
class FetchedDomains:
    """The rows of a list, and the ids of rows that can't be read. `is_complete`: there are no other domains."""

    rows: tuple[miosa.Domain, ...]
    unreadable_ids: frozenset[str]
    is_complete: bool


def store_domains(deployment: Deployment, fetched: FetchedDomains, now: datetime) -> None:
    """Call in a transaction. Domains missing from a complete list are marked as gone."""
    owners = _ensure_owners(fetched.rows)
    stated = {row.external_workspace_id for row in fetched.rows if not _is_removed(row)}
    # First, since who owns a row without an attribution depends on whether the deployment is shared.
    customer_links.add_customers(
        deployment, {customer.pk for external_id, customer in owners.items() if external_id in stated}
    )
    upsert = _Upsert(deployment, owners, now=now)
    for row in fetched.rows:
        upsert.add(row)
    if fetched.is_complete:
        upsert.mark_missing({row.id for row in fetched.rows} | fetched.unreadable_ids)
    upsert.save()
    if deployment.is_shared and any(each.customer_id is None and each.gone_at is None for each in upsert.domains):
        customer_links.add_customers(deployment, {customer_rows.get_unassigned().pk})
    if upsert.changed_customer_ids:
        customer_links.remove_unused(deployment)
        customer_links.bump_generation(deployment, {pk for pk in upsert.changed_customer_ids if pk})
    update_domain_columns(deployment)
    if deployment.domains_read_at is None:
        customer_rows.bump_generation(customer_links.list_customer_ids(deployment))
    Deployment.objects.filter(pk=deployment.pk).update(domains_read_at=now)
    deployment.domains_read_at = now


def update_domain_columns(deployment: Deployment) -> None:
    """What the deployment's lines in lists say about its domains: how many do not lead to it, and which one does."""
    owned = list(Domain.objects.filter(deployment=deployment, gone_at=None, customer__isnull=False))
    columns = {
        "domains_waiting": sum(domain.is_waiting for domain in owned),
        "own_domain": choose_own_domain(each for each in owned if each.customer_id == deployment.customer_id),
    }
    if Deployment.objects.filter(pk=deployment.pk).exclude(**columns).update(**columns):
        customer_links.bump_generation(deployment, ())


def choose_own_domain(domains: Iterable[Domain]) -> str:
    """The name to visit the app at: the oldest that serves it, rather than one that redirects to its twin.

    A domain serves only once its certificate is issued (contract 9.4). Empty if none does, and for what is no name of a
    single host, since it becomes an address.
    """
    serving = [domain for domain in domains if domain.serves and _is_host(domain.name)]
    oldest_first = sorted(serving, key=lambda each: (each.redirects_away, each.pk))
    return oldest_first[0].name if oldest_first else ""


def _is_host(name: str) -> bool:
    try:
        return dns.parse_domain(name, allow_wildcard=False).ascii == name
    except dns.InvalidDomain:
        return False


class _Upsert:
    """Compares a deployment's rows with its stored `domains`, and saves the differences.

    `changed_customer_ids` are the owners, old and new, of domains that changed; None is for those without an owner.
    """

    def __init__(self, deployment: Deployment, owners: dict[str, Customer], *, now: datetime) -> None:
        self.deployment, self.owners, self.now = deployment, owners, now
        self.changed_customer_ids: set[int | None] = set()
        self._stored = {domain.miosa_id: domain for domain in Domain.objects.filter(deployment=deployment)}
        self._created: list[Domain] = []
        self._changed: list[Domain] = []
        self._due: list[Domain] = []
        self._missing: list[Domain] = []

    @property
    def domains(self) -> list[Domain]:
        return [*self._stored.values(), *self._created]

    def add(self, row: miosa.Domain) -> None:
        domain = self._stored.get(row.id)
        values = _read_values(row) | {"customer_id": self._get_owner_id(row, domain), "gone_at": None}
        if _is_removed(row):
            values["gone_at"] = (domain and domain.gone_at) or self.now
        if domain is None:
            new = Domain(deployment=self.deployment, miosa_id=row.id, next_check_at=self.now, **values)
            self._created.append(new)
            self.changed_customer_ids.add(new.customer_id)
        else:
            self._update(domain, values)

    def mark_missing(self, listed_ids: Iterable[str]) -> None:
        listed = set(listed_ids)
        self._missing = [each for each in self._stored.values() if not each.gone_at and each.miosa_id not in listed]
        for domain in self._missing:
            domain.gone_at = self.now
            self.changed_customer_ids.add(domain.customer_id)

    def save(self) -> None:
        Domain.objects.bulk_create(self._created)
        Domain.objects.bulk_update(self._changed, _FIELDS)
        # Separately: the worker may claim a check meanwhile, so its time is written only where it has to change.
        if self._due:
            Domain.objects.filter(pk__in=[each.pk for each in self._due]).update(next_check_at=self.now)
        if self._missing:
            missing = Domain.objects.filter(pk__in=[each.pk for each in self._missing])
            missing.update(gone_at=self.now, next_check_at=None)
        if self._created or self._due:
            notify_worker()

    def _update(self, domain: Domain, values: dict[str, Any]) -> None:
        # A verified domain may no longer state its records; they are required all the same.
        values["required_records"] = values["required_records"] or domain.required_records
        changed = {name for name, value in values.items() if getattr(domain, name) != value}
        if not changed:
            return
        if "status" in changed or (domain.gone_at is not None and values["gone_at"] is None):
            self._due.append(domain)
        self._changed.append(domain)
        self.changed_customer_ids |= {domain.customer_id, values["customer_id"]}
        for name in changed:
            setattr(domain, name, values[name])

    def _get_owner_id(self, row: miosa.Domain, domain: Domain | None) -> int | None:
        """The row's own attribution, else its deployment's when it was first seen; on a shared deployment, none."""
        stated = row.external_workspace_id
        if isinstance(stated, str) and stated:
            return self.owners[stated].pk
        if domain is not None and domain.customer_id:
            return domain.customer_id
        return None if self.deployment.is_shared else self.deployment.customer_id


def _ensure_owners(rows: Iterable[miosa.Domain]) -> dict[str, Customer]:
    """The customer of each attribution that rows state. One that can't be a customer's id belongs to Unassigned."""
    stated = {each for row in rows if isinstance(each := row.external_workspace_id, str) and each}
    found = customer_rows.ensure_customers(each for each in stated if normalize_external_id(each) is not UNSET)
    return found | {each: customer_rows.get_unassigned() for each in stated if each not in found}


def _is_removed(row: miosa.Domain) -> bool:
    return (row.status or "").lower() == "removed"


def _read_values(row: miosa.Domain) -> dict[str, Any]:
    name = clean_text.clean_line(row.domain, most=253).lower().rstrip(".")
    required = dns.parse_required_records(
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
        "required_records": [
            {"type": each.type, "name": each.name, "value": each.value, "ttl": each.ttl} for each in required
        ],
    }
