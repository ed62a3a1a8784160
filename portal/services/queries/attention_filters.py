"""What needs attention: the kinds of problems, and the filters that the home of staff and the list of customers share.

Values of one filter are alternatives; different filters narrow each other. Each kind of problem is found by an index of
its own, so that counting it reads only the rows that are concerned.
"""

import functools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from portal.models import Customer, CustomerTag, Deployment, Domain, Operation
from portal.permissions import Person
from portal.services import clean_text

# A staged version is forgotten after this.
FORGOTTEN_AFTER = timedelta(days=7)
# Many times what the regular reading of all deployments takes.
NOT_REFRESHED_AFTER = timedelta(hours=2)
_MOST_VALUES = 20

Row = TypeVar("Row", bound=Model)


class Problem(StrEnum):
    """Why somebody is needed, the worst first."""

    DOMAIN_FAILING = "domain_failing"
    FAILED = "failed"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    ROLLBACK = "rollback"
    DOMAIN_WAITING = "domain_waiting"
    STAGED = "staged"
    NOT_REFRESHED = "not_refreshed"


ABOUT_DOMAINS = (Problem.DOMAIN_FAILING, Problem.DOMAIN_WAITING)
ABOUT_DEPLOYMENTS = (Problem.FAILED, Problem.STOPPED, Problem.ROLLBACK, Problem.STAGED, Problem.NOT_REFRESHED)


@dataclass(frozen=True, slots=True)
class AttentionFilters:
    """`tags` of customers, `people` who published or changed something last (parts of names), kinds of problems."""

    tags: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    states: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tags or self.people or self.states)


def parse_filters(query: Mapping[str, Sequence[str]]) -> AttentionFilters:
    """From an address. Unknown states filter nothing."""
    known = {each.value: each for each in Problem}
    return AttentionFilters(
        tags=_clean(query.get("tag", ()), most=60),
        people=_clean(query.get("person", ()), most=200),
        states=tuple(known[text] for text in dict.fromkeys(query.get("state", ())) if text in known),
    )


def filter_customers(
    rows: QuerySet[Customer], filters: AttentionFilters, *, by: Person, now: datetime
) -> QuerySet[Customer]:
    """Those of `rows` that have one of the tags, and an app that matches the other filters."""
    if filters.tags:
        rows = rows.filter(pk__in=_with_tags(filters.tags))
    if filters.states:
        concerned = (find_rows(state, filters, by=by, now=now).order_by() for state in filters.states)
        return rows.filter(_any(Q(pk__in=found.values("customer_id")) for found in concerned))
    if filters.people:
        rows = rows.filter(pk__in=_filter_deployments(filters, by=by).values("customer_id"))
    return rows


def filter_by_customer(
    rows: QuerySet[Row], filters: AttentionFilters, *, by: Person, column: str = "customer"
) -> QuerySet[Row]:
    """Those of customers that the person may see and that have one of the tags."""
    if not by.sees_everyone and by.scope is not None:
        rows = rows.filter(**{f"{column}__in": by.scope})
    return rows.filter(**{f"{column}__in": _with_tags(filters.tags)}) if filters.tags else rows


def find_rows(problem: Problem, filters: AttentionFilters, *, by: Person, now: datetime) -> QuerySet[Any]:
    """Deployments, domains or operations with this problem, in the order in which they are shown."""
    if problem is Problem.UNKNOWN:
        return find_undecided(filters, by=by)
    if problem in ABOUT_DOMAINS:
        return find_domains(problem, filters, by=by)
    return find_deployments(problem, filters, by=by, now=now)


def find_deployments(problem: Problem, filters: AttentionFilters, *, by: Person, now: datetime) -> QuerySet[Deployment]:
    """Those with this problem, in the order in which they are shown."""
    rows = _filter_deployments(filters, by=by)
    match problem:
        case Problem.FAILED:
            return rows.filter(failed_at__isnull=False).order_by("-failed_at")
        case Problem.STOPPED:
            return rows.filter(state="stopped").order_by("pk")
        case Problem.ROLLBACK:
            unkept = rows.filter(on_rollback=True, is_rollback_kept=False)
            return unkept.order_by(F("live_since").desc(nulls_last=True))
        case Problem.STAGED:
            forgotten = rows.filter(staged_since__isnull=False, staged_since__lt=now - FORGOTTEN_AFTER)
            return forgotten.order_by("staged_since")
        case Problem.NOT_REFRESHED:
            return rows.filter(requested_at__lt=now - NOT_REFRESHED_AFTER).order_by("requested_at")
    raise ValueError(f"{problem} is not about deployments")


def find_healthy(filters: AttentionFilters, *, by: Person, now: datetime) -> QuerySet[Deployment]:
    """Live, and without any problem."""
    in_time = Q(staged_since=None) | Q(staged_since__gte=now - FORGOTTEN_AFTER)
    rows = Deployment.objects.filter(in_time, is_healthy=True, requested_at__gte=now - NOT_REFRESHED_AFTER)
    return _narrow(rows, filters, by=by)


def find_domains(problem: Problem, filters: AttentionFilters, *, by: Person) -> QuerySet[Domain]:
    """The newest first."""
    is_failing = problem is Problem.DOMAIN_FAILING
    found = Domain.objects.failing() if is_failing else Domain.objects.not_yet_working()
    concerned = Deployment.objects.filter(gone_at=None, domains_waiting__gt=0)
    rows = filter_by_customer(found.filter(deployment__in=concerned), filters, by=by)
    if filters.people:
        rows = rows if by.sees_everyone else rows.filter(deployment__is_shared=False)
        rows = rows.filter(_by_people(filters.people, "deployment__"))
    return rows.order_by("-pk")


def find_undecided(filters: AttentionFilters, *, by: Person) -> QuerySet[Operation]:
    """Operations whose outcome a person has to decide, the oldest first."""
    return filter_operations(Operation.objects.undecided(), filters, by=by).order_by("pk")


def filter_operations(rows: QuerySet[Operation], filters: AttentionFilters, *, by: Person) -> QuerySet[Operation]:
    """By tag, and by who requested it. Who does not see everyone sees none on a shared deployment."""
    rows = filter_by_customer(rows, filters, by=by, column="customer_id")
    if not by.sees_everyone:
        rows = rows.exclude(Exists(Deployment.objects.filter(miosa_id=OuterRef("deployment_id"), is_shared=True)))
    return rows.filter(match_people(filters.people, "person_name")) if filters.people else rows


def _filter_deployments(filters: AttentionFilters, *, by: Person) -> QuerySet[Deployment]:
    return _narrow(Deployment.objects.filter(gone_at=None), filters, by=by)


def _narrow(rows: QuerySet[Deployment], filters: AttentionFilters, *, by: Person) -> QuerySet[Deployment]:
    """By tag and person. Who does not see everyone sees no state of a shared deployment."""
    rows = filter_by_customer(rows if by.sees_everyone else rows.filter(is_shared=False), filters, by=by)
    return rows.filter(_by_people(filters.people)) if filters.people else rows


def _with_tags(tags: Sequence[str]) -> QuerySet[CustomerTag, Any]:
    return CustomerTag.objects.filter(tag__in=tags).values("customer_id")


def _by_people(people: Sequence[str], path: str = "") -> Q:
    """Who made the live version live, or published the newest one."""
    columns = ("live_by", "newest_version__published_by", "newest_version__external_user_id")
    return match_people(people, *(f"{path}{column}" for column in columns))


def match_people(people: Sequence[str], *columns: str) -> Q:
    """Part of a name in one of the columns."""
    return _any(Q(**{f"{column}__icontains": name}) for name in people for column in columns)


def _any(conditions: Iterable[Q]) -> Q:
    return functools.reduce(operator.or_, conditions)


def _clean(texts: Iterable[str], *, most: int) -> tuple[str, ...]:
    cleaned = dict.fromkeys(clean_text.clean_line(text, most=most) for text in texts)
    return tuple(text for text in cleaned if text)[:_MOST_VALUES]
