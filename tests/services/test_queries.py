"""What a history costs in queries and database time, however long it is."""

import itertools
import os
import random
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Customer, Deployment, Entry, Facet, Freshness, Version
from portal.models.versions import VersionRow
from portal.permissions import Person
from portal.services.queries import customers, filters, timeline_search
from tests import pages
from tests.services import crowd
from tests.services.telling import ids_of

ROWS = int(os.environ.get("CROWD_ROWS", "50000"))
SAMPLE = int(os.environ.get("CROWD_SAMPLE", "60"))
LIMIT_MS = 50.0

AXES: dict[str, list[list[str]]] = {
    "app": [[], ["one"], ["rare"], ["three"]],
    "state": [[], ["live"], ["staged"], ["failed", "building"]],
    "kind": [[], ["static"], ["other"], ["dynamic", "sandbox_backed"]],
    "person": [[], ["one"]],
    "project": [[], ["one"]],
    "dates": [[], ["window"]],
    "q": [[], ["person-7"], ["nowhere to be found"], ["#77"], ["ver_crowd_777"], ["site number 1"], ["s"], ["%_!"]],
}


@pytest.fixture(scope="module")
def crowded(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock():
        customer = crowd.make(ROWS)
        yield customer
        crowd.forget(customer)


def combinations() -> list[dict[str, list[str]]]:
    names = list(AXES)
    return [dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*AXES.values())]


def query_of(chosen: dict[str, list[str]], customer: Customer) -> dict[str, list[str]]:
    apps = list(Deployment.objects.filter(customer=customer).order_by("pk").values_list("miosa_id", flat=True))
    named = {"one": apps[:1], "rare": apps[-1:], "three": apps[3:6]}
    facets = {
        field: str(Facet.objects.filter(customer=customer, field=field).order_by("pk").values_list("pk", flat=True)[3])
        for field in ("person", "project")
    }
    query = {"state": chosen["state"], "kind": chosen["kind"], "q": chosen["q"]}
    query["app"] = named[chosen["app"][0]] if chosen["app"] else []
    for field, key in facets.items():
        query[field] = [key] if chosen[field] else []
    if chosen["dates"]:
        query |= {"from": ["2026-01-01"], "to": ["2026-06-30"]}
    return query


def milliseconds(found: Any) -> float:
    """Database time of a search, the least of three, since the machine does other things meanwhile.

    SQLite works in this thread, so there its processor time is what counts.
    """
    clock = time.thread_time if connection.vendor == "sqlite" else time.perf_counter
    times = []
    for _round in range(3):
        begun = clock()
        found()
        times.append((clock() - begun) * 1000)
    return min(times)


def crowding() -> float:
    """How much longer than by itself a piece of work takes here just now; 1 where the clock counts work alone."""
    if connection.vendor == "sqlite":
        return 1.0
    wall, work = time.perf_counter(), time.thread_time()
    sum(number * number for number in range(2_000_000))
    return max(1.0, (time.perf_counter() - wall) / (time.thread_time() - work)) * 1.5


def test_every_combination_of_filters_is_quick(crowded: Customer, operator: Person, db: None) -> None:
    """A sample of all 4,096 here; CROWD_ROWS=500000 CROWD_SAMPLE=4096 measures the whole."""
    every = combinations()
    sample = every if len(every) <= SAMPLE else random.Random(7).sample(every, SAMPLE)  # noqa: S311 - no secret
    held = list(Deployment.objects.filter(customer=crowded))
    slowest: list[tuple[float, dict[str, list[str]]]] = []
    for chosen in sample:
        where = filters.read(query_of(chosen, crowded), customer=crowded, deployments=held, by=operator).where

        def search(where: timeline_search.Where = where) -> None:
            timeline_search.search(scope="x", customer_id=crowded.pk, deployment_id=None, where=where, cursor="")

        slowest.append((milliseconds(search), chosen))
    slowest.sort(key=lambda one: -one[0])
    if "CROWD_ROWS" in os.environ:
        for took, chosen in slowest[:12]:
            print(f"{took:7.1f} ms  {chosen}")  # noqa: T201 - asked for
        print(f"median {sorted(one[0] for one in slowest)[len(slowest) // 2]:.1f} ms of {len(slowest)}")  # noqa: T201 - as above
    assert slowest[0][0] <= LIMIT_MS * crowding(), slowest[:3]


def test_a_history_takes_six_queries_however_long(
    crowded: Customer, operator: Person, db: None, django_assert_max_num_queries: Any
) -> None:
    small = crowd.make(10, slug="lonely")
    counts = []
    for customer in (small, crowded):
        Freshness.objects.filter(customer=customer).update(read_at=timezone.now())
        for query in ({}, {"q": ["person-7"]}, {"state": ["live"]}, {"kind": ["other"], "q": ["nowhere"]}):
            with django_assert_max_num_queries(6) as seen:
                pages.open_history(by=operator, slug=customer.slug, query=query, now=timezone.now())
            counts.append(len(seen))
    assert counts[0] == counts[4]


def test_a_stale_history_too(crowded: Customer, operator: Person, db: None, django_assert_max_num_queries: Any) -> None:
    later = timezone.now() + timedelta(hours=1)
    with django_assert_max_num_queries(6):
        pages.open_history(by=operator, slug=crowded.slug, query={}, now=later)


def test_nothing_is_counted_and_nothing_is_skipped(crowded: Customer, operator: Person, db: None) -> None:
    app = Deployment.objects.filter(customer=crowded).earliest("pk")
    Freshness.objects.update(read_at=timezone.now())
    with CaptureQueriesContext(connection) as seen:
        page = pages.open_history(by=operator, slug=crowded.slug, query={}, now=timezone.now())
        following = {"cursor": [page.page.next_cursor]}
        pages.open_history(by=operator, slug=crowded.slug, query=following, now=timezone.now())
        pages.open_history(by=operator, slug=crowded.slug, query={"q": ["nowhere"]}, now=timezone.now())
        pages.open_deployment(by=operator, slug=crowded.slug, deployment_id=app.miosa_id, query={}, now=timezone.now())
        customers.list_customers(by=operator, now=timezone.now())
    for one in seen.captured_queries:
        sql = one["sql"]
        assert "OFFSET" not in sql or "portal_customer" in sql
        if re.search("portal_(entry|version)", sql):
            assert "COUNT(" not in sql.upper()


def test_the_deepest_page_costs_what_the_first_does(crowded: Customer, db: None) -> None:
    oldest = Version.objects.filter(customer=crowded).earliest("pk")
    deep = timeline_search.make_cursor(oldest.created_at, 10**12, "x")  # type: ignore[arg-type]  # made with it

    def page(cursor: str) -> float:
        return milliseconds(
            lambda: timeline_search.search(
                scope="x", customer_id=crowded.pk, deployment_id=None, where=timeline_search.Where(), cursor=cursor
            )
        )

    assert page(deep) <= 3 * page("") + 2


def test_a_row_of_the_search_holds_what_the_models_do(crowded: Customer, db: None) -> None:
    found = timeline_search.search(
        scope="x", customer_id=crowded.pk, deployment_id=None, where=timeline_search.Where(), cursor=""
    )
    entries = Entry.objects.in_bulk(row.id for row in found.rows)
    for row in found.rows:
        entry, version = entries[row.id], row.version
        assert (row.at, row.kind, row.subject, row.deployment) == (
            *(entry.at, entry.kind, entry.subject, entry.deployment),
        )
        assert version is not None
        model = Version.objects.get(pk=entry.version)
        assert version == VersionRow._make(getattr(model, name) for name in VersionRow._fields)
        assert {type(value) for value in version} == {type(getattr(model, name)) for name in VersionRow._fields}


def test_paging_reaches_version_one_and_holds_each_once(operator: Person, db: None) -> None:
    customer = crowd.make(330, slug="walked")
    seen: list[str] = []
    cursor = ""
    for turn in range(10):
        query = {"cursor": [cursor]} if cursor else {}
        page = pages.open_history(by=operator, slug=customer.slug, query=query, now=timezone.now()).page
        seen += sorted(ids_of(page))
        if turn == 2:
            crowd.make_more(customer, 60)
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 330


def test_a_search_says_how_far_back_it_looked_and_looks_further(crowded: Customer, operator: Person, db: None) -> None:
    rare = Version.objects.filter(customer=crowded).earliest("pk")
    query: dict[str, list[str]] = {"q": [f"--job {rare.pk:08d}"]}
    looked = 0
    while True:
        page = pages.open_history(by=operator, slug=crowded.slug, query=query, now=timezone.now()).page
        looked += 1
        if page.entries:
            break
        assert page.searched_back_to is not None
        query["cursor"] = [page.next_cursor]
    assert ids_of(page) == {rare.miosa_id}
    assert looked == -(-ROWS // timeline_search.WINDOW)


@pytest.mark.parametrize("text", ["\x00", "'; DROP TABLE portal_entry; --", "%", "_", "!", "\\", "\ud800", "x" * 5000])
def test_hostile_text_finds_nothing_and_breaks_nothing(
    crowded: Customer, operator: Person, db: None, text: str
) -> None:
    for query in ({"q": [text]}, {"app": [text]}, {"person": [text]}, {"state": [text]}, {"from": [text]}):
        pages.open_history(by=operator, slug=crowded.slug, query=query, now=timezone.now())
