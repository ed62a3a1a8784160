"""What a history costs, in queries and in work of the database, at any length."""

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Customer, Deployment, Entry, Freshness, Version
from portal.models.versions import VersionRow
from portal.permissions import Person
from portal.services.queries import filters, timeline_search
from portal.services.queries.timeline_search import Found, Where
from tests import page_views
from tests.services import large_history
from tests.services.costs import count_work, list_plans
from tests.services.visible_data import list_version_ids

ROWS = 50_000
SAMPLE = 60
# Instructions of SQLite, pages of PostgreSQL.
WORK_PER_ROW = {"sqlite": 100, "postgresql": 0.5}


@pytest.fixture(scope="module")
def crowded(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock():
        customer = large_history.make(ROWS)
        yield customer
        large_history.forget(customer)


def search(customer: Customer, where: Where, cursor: str = "") -> Found:
    return timeline_search.search(scope="x", customer_id=customer.pk, deployment_id=None, where=where, cursor=cursor)


def list_searches(customer: Customer, by: Person) -> Iterator[tuple[dict[str, list[str]], Where]]:
    """A sample of all combinations of filters, each as the conditions of a search."""
    deployments = list(Deployment.objects.filter(customer=customer))
    for chosen in random.Random(7).sample(large_history.list_combinations(), SAMPLE):  # noqa: S311 - no secret
        query = large_history.make_query(chosen, customer)
        yield chosen, filters.parse(query, customer=customer, deployments=deployments, by=by).where


def test_a_search_reads_no_more_than_its_window(crowded: Customer, operator: Person, db: None) -> None:
    """`make bench` measures milliseconds, for every combination and over a longer history."""
    limit = WORK_PER_ROW[connection.vendor] * timeline_search.WINDOW
    for chosen, where in list_searches(crowded, operator):
        run = partial(search, crowded, where)
        assert count_work(run) <= limit, chosen
        if connection.vendor == "sqlite":
            # PostgreSQL chooses this index for a longer history; a table as short as this one it may rather scan.
            assert all("entry_timeline" in plan and "SCAN portal_entry" not in plan for plan in list_plans(run)), chosen


def test_a_history_takes_six_queries_at_any_length(
    crowded: Customer, operator: Person, db: None, django_assert_max_num_queries: Any
) -> None:
    small = large_history.make(10, slug="lonely")
    # Why their last publish failed is shown beside the apps.
    Version.objects.filter(pk__in=Deployment.objects.values("newest_version")).update(state="failed")
    counts = []
    for customer in (small, crowded):
        Freshness.objects.filter(customer=customer).update(read_at=timezone.now())
        for query in ({}, {"q": ["person-7"]}, {"state": ["live"]}, {"kind": ["other"], "q": ["nowhere"]}):
            with django_assert_max_num_queries(6) as seen:
                page_views.open_history(by=operator, slug=customer.slug, query=query, now=timezone.now())
            counts.append(len(seen))
    assert counts[0] == counts[4]


def test_a_stale_history_takes_six_queries_at_any_length(
    crowded: Customer, operator: Person, db: None, django_assert_max_num_queries: Any
) -> None:
    later = timezone.now() + timedelta(hours=1)
    with django_assert_max_num_queries(6):
        page_views.open_history(by=operator, slug=crowded.slug, query={}, now=later)


def test_the_search_uses_neither_count_nor_offset(crowded: Customer, operator: Person, db: None) -> None:
    app = Deployment.objects.filter(customer=crowded).earliest("pk")
    Freshness.objects.update(read_at=timezone.now())
    with CaptureQueriesContext(connection) as seen:
        page = page_views.open_history(by=operator, slug=crowded.slug, query={}, now=timezone.now())
        following = {"cursor": [page.page.next_cursor]}
        page_views.open_history(by=operator, slug=crowded.slug, query=following, now=timezone.now())
        page_views.open_history(by=operator, slug=crowded.slug, query={"q": ["nowhere"]}, now=timezone.now())
        page_views.open_deployment(
            by=operator, slug=crowded.slug, deployment_id=app.miosa_id, query={}, now=timezone.now()
        )
        page_views.open_list(by=operator, now=timezone.now())
    for one in seen.captured_queries:
        sql = one["sql"]
        assert "OFFSET" not in sql or "portal_customer" in sql
        # A page of customers counts their apps, for which it may look at the newest version of each.
        if re.search("portal_(entry|version)", sql) and 'FROM "portal_holding"' not in sql:
            assert "COUNT(" not in sql.upper()


def test_the_deepest_page_costs_no_more_than_the_first(crowded: Customer, db: None) -> None:
    deep = Entry.objects.filter(customer=crowded).order_by("at")[timeline_search.PAGE_SIZE + 10]
    cursor = timeline_search.make_cursor(deep.at, deep.pk, "x")
    first, deepest = (count_work(partial(search, crowded, Where(), each)) for each in ("", cursor))
    assert deepest <= 1.5 * first, (first, deepest)


def test_rows_of_the_search_match_the_models(crowded: Customer, db: None) -> None:
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


def test_paging_reaches_version_one_without_repeats(operator: Person, db: None) -> None:
    customer = large_history.make(330, slug="walked")
    seen: list[str] = []
    cursor = ""
    for turn in range(10):
        query = {"cursor": [cursor]} if cursor else {}
        page = page_views.open_history(by=operator, slug=customer.slug, query=query, now=timezone.now()).page
        seen += sorted(list_version_ids(page))
        if turn == 2:
            large_history.make_more(customer, 60)
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 330


def test_a_search_shows_how_far_back_it_went_and_can_continue(crowded: Customer, operator: Person, db: None) -> None:
    rare = Version.objects.filter(customer=crowded).earliest("pk")
    query: dict[str, list[str]] = {"q": [f"--job {rare.pk:08d}"]}
    looked = 0
    while True:
        page = page_views.open_history(by=operator, slug=crowded.slug, query=query, now=timezone.now()).page
        looked += 1
        if page.entries:
            break
        assert page.searched_back_to is not None
        query["cursor"] = [page.next_cursor]
    assert list_version_ids(page) == {rare.miosa_id}
    assert looked == -(-ROWS // timeline_search.WINDOW)


@pytest.mark.parametrize("text", ["\x00", "'; DROP TABLE portal_entry; --", "%", "_", "!", "\\", "\ud800", "x" * 5000])
def test_hostile_search_texts_find_nothing(crowded: Customer, operator: Person, db: None, text: str) -> None:
    for query in ({"q": [text]}, {"app": [text]}, {"person": [text]}, {"state": [text]}, {"from": [text]}):
        page_views.open_history(by=operator, slug=crowded.slug, query=query, now=timezone.now())
