"""A prepared query answers as the same queryset does, row for row and column for column."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import Case, Model, When
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Connection, Customer, Facet, Freshness
from portal.models.prepared import Prepared

pytestmark = pytest.mark.django_db


@pytest.fixture
def customers() -> list[Customer]:
    of = Connection.only()
    return [
        Customer.objects.create(connection=of, external_id=name, slug=name, name=f"{name} %s", search=name)
        for name in ("ants", "bees", "cats", "dogs", "eels")
    ]


def columns(row: Model) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def test_the_same_rows_with_the_same_values(customers: list[Customer]) -> None:
    prepared = Prepared(lambda slugs: Customer.objects.filter(slug__in=slugs).order_by("slug"))
    for wanted in (["cats"], ["bees", "ants"], ["ants", "bees", "cats", "dogs", "eels"], ["unknown"], ["cats", "cats"]):
        plain = list(Customer.objects.filter(slug__in=wanted).order_by("slug"))
        found = prepared.fetch(wanted)
        assert found == plain
        assert [columns(one) for one in found] == [columns(one) for one in plain]


def test_what_was_selected_with_a_row_comes_with_it(customers: list[Customer]) -> None:
    Freshness.objects.create(scope="one", customer=customers[0], read_at=timezone.now())
    prepared = Prepared(
        lambda slug: Customer.objects.select_related("freshness", "connection__bucket").filter(slug=slug)
    )
    known, fresh = prepared.first("bees"), prepared.first("ants")
    assert known is not None
    assert fresh is not None
    with CaptureQueriesContext(connection) as asked:
        assert fresh.freshness.read_at == Freshness.objects.only("read_at").get().read_at
        assert fresh.freshness.customer is fresh
        assert not hasattr(known, "freshness")
        assert known.connection.bucket is None
    assert len(asked) == 1


def test_columns_left_out_are_read_when_they_are_needed(customers: list[Customer]) -> None:
    prepared = Prepared(lambda pk: Customer.objects.filter(pk=pk).only("slug"))
    found = prepared.first(customers[1].pk)
    assert found is not None
    assert found.get_deferred_fields() >= {"name", "search"}
    assert found.name == "bees %s"


def test_a_row_can_be_changed_and_saved(customers: list[Customer]) -> None:
    found = Prepared(lambda pk: Customer.objects.filter(pk=pk)).first(customers[2].pk)
    assert found is not None
    found.name = "Cats"
    found.save()
    assert Customer.objects.get(pk=found.pk).name == "Cats"
    assert Customer.objects.count() == 5


def test_constants_of_the_query_keep_their_places(customers: list[Customer]) -> None:
    for number in range(6):
        Facet.objects.create(customer=customers[number % 2], field=Facet.Field.PERSON, text=f"person {number}")
    first = Facet.objects.get(text="person 4")
    prepared = Prepared(
        lambda customer, asked: Facet.objects.filter(customer=customer, field="person").order_by(
            Case(When(pk__in=asked, then=0), default=1), "text"
        )[:2]
    )
    assert [facet.text for facet in prepared.fetch(customers[0].pk, [first.pk])] == ["person 4", "person 0"]
    assert [facet.text for facet in prepared.fetch(customers[1].pk, [first.pk, 0, 1])] == ["person 1", "person 3"]


def test_few_lengths_of_lists_are_built(customers: list[Customer]) -> None:
    built = []

    def build(pks: list[int]) -> Any:
        built.append(len(pks))
        return Customer.objects.filter(pk__in=pks)

    prepared: Prepared[Customer] = Prepared(build)
    for length in range(1, 65):
        prepared.fetch(range(1, length + 1))
    assert built == ([1, 2, 4, 8, 16, 32, 64] if connection.vendor == "sqlite" else [1])


def test_moments_come_with_their_zone(customers: list[Customer]) -> None:
    for moment in (datetime(2026, 1, 2, 3, 4, 5, 6, UTC), datetime(2026, 1, 2, tzinfo=UTC)):
        Freshness.objects.update_or_create(scope="one", defaults={"read_at": moment})
        (read,) = Freshness.objects.values_list("read_at", flat=True)
        assert read == moment
        assert read is not None
        assert read.tzinfo is UTC
