"""Customers, as they turn up in workspaces and in attributions."""

import hashlib
import re

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.text import slugify

from portal.models import Connection, Customer
from portal.services.remembering import texts

_PLAIN = re.compile(r"[a-z0-9-]{1,60}")
UNASSIGNED_SLUG = "_unassigned"


def ensure(external_id: str) -> Customer:
    """The customer of an `external_workspace_id`, made if it is new. Its slug never changes afterwards."""
    found = Customer.objects.filter(external_id=external_id).first()
    if found is not None:
        return found
    name = texts.line(external_id, most=300) or "?"
    try:
        with transaction.atomic():
            return Customer.objects.create(
                connection=Connection.only(),
                external_id=external_id,
                slug=_slug(external_id, name),
                name=name,
                search=texts.search_key(name),
            )
    except IntegrityError:
        # Somebody else has just made it.
        return Customer.objects.get(external_id=external_id)


def unassigned() -> Customer:
    """The place, for staff alone, of what belongs to no customer or to one that is not certain."""
    customer, _ = Customer.objects.get_or_create(
        is_unassigned=True,
        defaults={
            "connection": Connection.only(),
            "slug": UNASSIGNED_SLUG,
            "name": "Unassigned",
            "search": "unassigned",
        },
    )
    return customer


def name(external_id: str, *, name: str, workspace_id: str) -> Customer:
    """Take over the name a workspace states for an external id. A new customer gets its slug after the name is known."""
    clean = texts.line(name, most=300)
    customer = Customer.objects.filter(external_id=external_id).first()
    if customer is None:
        try:
            with transaction.atomic():
                return Customer.objects.create(
                    connection=Connection.only(),
                    external_id=external_id,
                    slug=_slug(external_id, clean),
                    name=clean or texts.line(external_id, most=300) or "?",
                    is_named=bool(clean),
                    search=texts.search_key(clean, external_id),
                    workspace_id=workspace_id,
                )
        except IntegrityError:
            customer = Customer.objects.get(external_id=external_id)
    stated = clean or customer.name
    if (customer.name, customer.workspace_id) != (stated, workspace_id):
        Customer.objects.filter(pk=customer.pk).update(
            name=stated,
            is_named=bool(clean),
            search=texts.search_key(stated, external_id),
            workspace_id=workspace_id,
            generation=F("generation") + 1,
        )
        customer.refresh_from_db()
    return customer


def touch(ids: set[int]) -> None:
    """Something shown of these customers changed."""
    if ids:
        Customer.objects.filter(pk__in=ids).update(generation=F("generation") + 1)


def recount(ids: set[int]) -> None:
    """Count the deployments of these customers again, for the list's order."""
    for customer in Customer.objects.filter(pk__in=ids):
        count = customer.holdings.filter(deployment__gone_at=None).count()
        if count != customer.deployments_count:
            Customer.objects.filter(pk=customer.pk).update(deployments_count=count)


def _slug(external_id: str, name: str) -> str:
    """The external id where it is plain and free, else made from the name with a suffix that follows from the id."""
    if _PLAIN.fullmatch(external_id) and not Customer.objects.filter(slug=external_id).exists():
        return external_id
    digest = hashlib.sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest()
    stem = slugify(name)[:50].strip("-") or "customer"
    taken = set(Customer.objects.filter(Q(slug__startswith=f"{stem}-")).values_list("slug", flat=True))
    return next(slug for size in range(6, 60) if (slug := f"{stem}-{digest[:size]}") not in taken)
