"""How many rows need somebody, of each kind, and how many apps are live without any trouble. One query for all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Func, IntegerField, QuerySet, Subquery

from portal.models import Connection, Deployment
from portal.permissions import Person
from portal.services.queries import attention_filters
from portal.services.queries.attention_filters import AttentionFilters, Trouble


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each kind of trouble, and the apps and customers without any.

    `apps` are all that the person may see, `unread` those whose versions were never read.
    """

    troubles: Mapping[Trouble, int]
    healthy_apps: int
    healthy_customers: int
    apps: int
    unread: int


def count_attention(filters: AttentionFilters, *, by: Person, now: datetime) -> tuple[Connection, Counts]:
    """With the connection, in one query."""
    narrowed = AttentionFilters(tags=filters.tags, people=filters.people)
    healthy = attention_filters.find_healthy(narrowed, by=by, now=now)
    apps = Deployment.objects.in_scope(None if by.sees_everyone else by.scope)
    counted = {
        f"n_{trouble}": _count(attention_filters.find_rows(trouble, narrowed, by=by, now=now)) for trouble in Trouble
    } | {
        "n_healthy": _count(healthy),
        "n_customers": _count(healthy, "customer_id", template="COUNT(DISTINCT %(expressions)s)"),
        "n_apps": _count(apps),
        "n_unread": _count(apps.unread()),
    }
    connection = Connection.objects.select_related("bucket").annotate(**counted).first()
    found = vars(connection) if connection else dict.fromkeys(counted, 0)
    counts = Counts(
        troubles={trouble: found[f"n_{trouble}"] for trouble in Trouble},
        healthy_apps=found["n_healthy"],
        healthy_customers=found["n_customers"],
        apps=found["n_apps"],
        unread=found["n_unread"],
    )
    return connection or Connection.only(), counts


def _count(rows: QuerySet[Any], column: str = "pk", template: str = "COUNT(%(expressions)s)") -> Subquery:
    """As a subquery of its own, so that all counts are one query."""
    counted = Func(column, template=template, output_field=IntegerField())
    return Subquery(rows.order_by().annotate(n=counted).values("n"))
