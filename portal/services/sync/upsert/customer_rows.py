"""Customers, made when they first appear in a workspace or an attribution."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, Count, F, Q, Value, When
from django.utils.text import slugify

from portal.models import Connection, Customer
from portal.models.customers import UNASSIGNED_SLUG
from portal.services import clean_text

_PLAIN = re.compile(r"[a-z0-9-]{1,60}")


def ensure_customer(external_id: str) -> Customer:
    """The customer of an `external_workspace_id`, made if it is new. Its slug never changes."""
    return ensure_customers([external_id])[external_id]


def ensure_customers(external_ids: Iterable[str], *, known: Iterable[Customer] = ()) -> dict[str, Customer]:
    """The customers of these external ids, by external id. New ones are made in one order, against deadlocks.

    `known`: those of stored rows, which need no query.
    """
    found = {customer.external_id: customer for customer in known if customer.external_id}
    missing = sorted(set(external_ids) - set(found))
    if missing:
        stored = Customer.objects.filter(external_id__in=missing)
        found |= {customer.external_id or "": customer for customer in stored}
    for external_id in missing:
        if external_id not in found:
            found[external_id] = _create(external_id)
    return found


def get_unassigned() -> Customer:
    """Holds, for staff alone, what belongs to no customer or to one that is not certain."""
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


def set_name(external_id: str, *, name: str) -> Customer:
    """Store the name that a workspace states for an external id. A new customer's slug is made from it.

    A name that an operator has chosen stays the one that is shown.
    """
    clean = clean_text.clean_line(name, most=300)
    customer = Customer.objects.filter(external_id=external_id).first() or _create(external_id, stated=clean)
    stated = clean or customer.stated_name
    if (customer.stated_name, customer.is_named) != (stated, bool(clean)):
        # By expressions: an operator may be choosing a name at the same time.
        is_chosen = ~Q(display_name="")
        Customer.objects.filter(pk=customer.pk).update(
            stated_name=stated,
            name=Case(When(is_chosen, then=F("display_name")), default=Value(stated)),
            is_named=bool(clean),
            generation=F("generation") + 1,
        )
        customer.refresh_from_db()
        search = clean_text.make_search_key(*dict.fromkeys((customer.display_name, stated, external_id)))
        Customer.objects.filter(pk=customer.pk, display_name=customer.display_name).update(search=search)
    return customer


def bump_generation(ids: Iterable[int], *, staff_only: Iterable[int] = ()) -> None:
    """Something shown of these customers changed; of those in `staff_only`, something that only staff see.

    Their rows are locked in one order, against deadlocks.
    """
    shown = set(ids)
    wanted = sorted(shown.union(staff_only))
    if not wanted:
        return
    rows = Customer.objects.filter(pk__in=wanted)
    with transaction.atomic(savepoint=False):
        if len(wanted) > 1 and connection.features.has_select_for_update:
            list(rows.select_for_update().order_by("pk").values_list("pk"))
        rows.filter(pk__in=shown).update(generation=F("generation") + 1)
        if len(wanted) > len(shown):
            rows.exclude(pk__in=shown).update(others_generation=F("others_generation") + 1)


def count_deployments(ids: Iterable[int]) -> None:
    """Count the deployments of these customers again, for the list's order."""
    counted = Customer.objects.filter(pk__in=sorted(set(ids))).annotate(
        counted=Count("holdings", filter=Q(holdings__deployment__gone_at=None))
    )
    changed = counted.exclude(deployments_count=F("counted")).order_by("pk")
    for pk, count in changed.values_list("pk", "counted"):
        Customer.objects.filter(pk=pk).update(deployments_count=count)


def _create(external_id: str, *, stated: str = "") -> Customer:
    shown = stated or clean_text.clean_line(external_id, most=300) or "?"
    facts: dict[str, Any] = {
        "name": shown,
        "stated_name": shown,
        "is_named": bool(stated),
        "search": clean_text.make_search_key(stated, external_id),
    }
    for _attempt in range(3):
        try:
            with transaction.atomic():
                return Customer.objects.create(
                    connection=Connection.only(), external_id=external_id, slug=_slug(external_id, shown), **facts
                )
        except IntegrityError:
            # Another process has just made it, or has taken its slug.
            found = Customer.objects.filter(external_id=external_id).first()
            if found is not None:
                return found
    raise RuntimeError("no slug is free")


def _slug(external_id: str, name: str) -> str:
    """The external id if it is plain and free, else made from the name, with a suffix derived from the id."""
    if _PLAIN.fullmatch(external_id) and not Customer.objects.filter(slug=external_id).exists():
        return external_id
    digest = hashlib.sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest()
    stem = slugify(name)[:50].strip("-") or "customer"
    taken = set(Customer.objects.filter(slug__startswith=f"{stem}-").values_list("slug", flat=True))
    return next(slug for size in range(6, 60) if (slug := f"{stem}-{digest[:size]}") not in taken)
