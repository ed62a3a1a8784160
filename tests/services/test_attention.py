"""The home of staff over thousands of apps: few queries, each by an index of its own."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from portal.permissions import Person, Role
from portal.services.attention import counts, home
from portal.services.queries.attention_filters import AttentionFilters, Problem
from tests.services import many_apps
from tests.services.costs import list_plans

# Measured in full with MANY_CUSTOMERS=8000.
CUSTOMERS = int(os.environ.get("MANY_CUSTOMERS", "800"))
OPERATOR = Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(db: None) -> None:
    many_apps.make(CUSTOMERS)


def count() -> counts.Counts:
    return counts.count_attention(AttentionFilters(), by=OPERATOR, now=timezone.now())[1]


def test_each_kind_is_counted_in_one_query(many: None, django_assert_num_queries: Any) -> None:
    apps = CUSTOMERS + CUSTOMERS // 2
    expected = -(-apps // many_apps.EVERY)
    with django_assert_num_queries(1):
        found = count()
    assert found.problems == {
        **dict.fromkeys(Problem, expected),
        Problem.DOMAIN_FAILING: 0,
        Problem.UNKNOWN: 0,
    }
    assert found.healthy_apps == apps - 6 * expected


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads tables as small as these from end to end")
def test_each_count_reads_an_index(many: None) -> None:
    (plan,) = list_plans(count)
    for index in ("failed", "staged", "on_rollback", "stopped", "domains_waiting", "healthy", "requested"):
        assert f"deployment_{index}" in plan, index


def test_the_page_takes_few_queries(many: None, django_assert_max_num_queries: Any) -> None:
    home.get_home({}, by=OPERATOR, now=timezone.now())  # the statistics are kept from here on
    with django_assert_max_num_queries(8):
        found = home.get_home({}, by=OPERATOR, now=timezone.now())
    assert len(found.rows) == sum(min(home.MOST_OF_EACH, each) for each in found.counts.problems.values())
