"""What the tables themselves refuse, on both databases."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.models import Connection, Customer, Deployment, Entry, Freshness, Holding, VersionAttribution
from portal.services.sync.upsert import customer_rows

pytestmark = pytest.mark.django_db


def customer(external_id: str | None, slug: str, *, is_unassigned: bool = False) -> Customer:
    return Customer.objects.create(
        connection=Connection.only(),
        external_id=external_id,
        slug=slug,
        name=slug,
        search=slug,
        is_unassigned=is_unassigned,
    )


def entry(of: Customer) -> Entry:
    return Entry.objects.create(customer=of, at=timezone.now(), kind=1, subject=1, deployment=1)


def deployment(of: Customer) -> Deployment:
    now = timezone.now()
    return Deployment.objects.create(miosa_id="dep_1", customer=of, name="x", first_seen_at=now, requested_at=now)


TWICE: dict[str, Callable[[Customer], object]] = {
    "an entry for one subject": entry,
    "an external id": lambda one: customer(one.external_id, "other"),
    "a slug": lambda one: customer("other", one.slug),
    "Unassigned": lambda _one: customer(None, f"u{Customer.objects.count()}", is_unassigned=True),
    "a scope": lambda _one: Freshness.objects.create(scope="sweep"),
    "a frozen attribution": lambda _one: VersionAttribution.objects.create(
        deployment_id="d", version_id="v", frozen_at=timezone.now()
    ),
    "a holding": lambda one: Holding.objects.create(customer=one, deployment=Deployment.objects.get()),
    "a deployment": lambda one: deployment(of=one),
}


@pytest.mark.parametrize("what", sorted(TWICE))
def test_duplicates_are_refused(what: str) -> None:
    one = customer("acme", "acme")
    if what != "a deployment":
        deployment(one)
    if what not in {"an external id", "a slug"}:
        TWICE[what](one)
    with pytest.raises(IntegrityError), transaction.atomic():
        TWICE[what](one)


def test_external_ids_are_compared_byte_by_byte() -> None:
    made = [
        customer_rows.ensure_customer(external_id) for external_id in ("acme", "ACME", "acme ", " acme", "a\u200bcme")
    ]
    assert len({one.pk for one in made}) == len(made)


def test_a_slug_never_changes() -> None:
    before = customer_rows.ensure_customer("Acme Dental & Söhne").slug
    customer_rows.set_name("Acme Dental & Söhne", name="Quite another name")
    after = customer_rows.ensure_customer("Acme Dental & Söhne")
    assert (after.slug, after.name) == (before, "Quite another name")


@pytest.mark.parametrize("external_id", ["brightsmile-dental", "a", "9-9"])
def test_a_plain_external_id_is_its_own_slug(external_id: str) -> None:
    assert customer_rows.ensure_customer(external_id).slug == external_id


@pytest.mark.parametrize("external_id", ["Ünï", "a/b", "x" * 61, "../..", "_unassigned", "<b>", "😀", "-\u202e-"])
def test_other_external_ids_get_a_slug_for_urls(external_id: str) -> None:
    slug = customer_rows.ensure_customer(external_id).slug
    assert slug.isascii()
    assert all(mark.isalnum() or mark == "-" for mark in slug)
    assert slug != "_unassigned"
