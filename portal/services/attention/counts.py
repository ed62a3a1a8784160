"""How many rows need somebody, of each kind, and how many apps are live without any problem. One query for all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, Func, IntegerField, QuerySet, Subquery

from portal.models import Connection, Deployment
from portal.permissions import Person
from portal.services.queries import attention_filters
from portal.services.queries.attention_filters import AttentionFilters, Problem


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each kind of problem, and the apps and customers without any.

    `has_apps`: there are apps that the person may see; the versions of `unread` ones were never read.
    """

    problems: Mapping[Problem, int]
    healthy_apps: int
    healthy_customers: int
    has_apps: bool
    unread: int


def count_attention(filters: AttentionFilters, *, by: Person, now: datetime) -> tuple[Connection, Counts]:
    """With the connection, in one query."""
    narrowed = AttentionFilters(tags=filters.tags, people=filters.people)
    healthy = attention_filters.find_healthy(narrowed, by=by, now=now)
    apps = attention_filters.filter_by_customer(Deployment.objects.filter(gone_at=None), AttentionFilters(), by=by)
    counted = {
        f"n_{problem}": _count(attention_filters.find_rows(problem, narrowed, by=by, now=now)) for problem in Problem
    } | {
        "n_healthy": _count(healthy),
        "n_customers": _count(healthy, "customer_id", template="COUNT(DISTINCT %(expressions)s)"),
        "has_apps": Exists(apps),
        "n_unread": _count(apps.filter(is_filled=False, newest_version=None)),
    }
    connection = Connection.objects.select_related("bucket").annotate(**counted).first()
    found = vars(connection) if connection else dict.fromkeys(counted, 0)
    counts = Counts(
        problems={problem: found[f"n_{problem}"] for problem in Problem},
        healthy_apps=found["n_healthy"],
        healthy_customers=found["n_customers"],
        has_apps=bool(found["has_apps"]),
        unread=found["n_unread"],
    )
    return connection or Connection.only(), counts


def _count(rows: QuerySet[Any], column: str = "pk", template: str = "COUNT(%(expressions)s)") -> Subquery:
    """As a subquery of its own, so that all counts are one query."""
    counted = Func(column, template=template, output_field=IntegerField())
    return Subquery(rows.order_by().annotate(n=counted).values("n"))
