"""Publishes, failures, build times and rollbacks over a range of days (docs/architecture.md, "Numbers").

What the tables are read for is kept in the cache for a minute, under a key with everything that it depends on: the
customers whose versions count, what the person may see of shared deployments, the days and the reader's zone. Names are
not part of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import blake2s
from statistics import median
from typing import TypeVar

from django.core.cache import cache
from django.db.models import Count, Q

from portal.models import Customer, Deployment, Entry
from portal.permissions import Person
from portal.services import open_words
from portal.services.errors import NotFound
from portal.services.queries import actions, ages, customers, deployments, statistics_rows, summaries
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary
from portal.services.queries.statistics_rows import BuildTime, DateRange, LivePeriod, PublishCount, Rollback, Scope

RANGES = (7, 30, 90)
DEFAULT_DAYS = 30
_CACHED_S = 60
_MOST_LISTED = 10
# Of one app, as dots.
_MOST_SHOWN_BUILDS = 100
_UNFINISHED = (Entry.State.CREATED, Entry.State.BUILDING)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Day:
    """`failed` of the publishes failed to build."""

    day: date
    publishes: int
    failed: int


@dataclass(frozen=True, slots=True)
class Durations:
    """`median_s` is None if none is `known`; `unknown` counts those without a known beginning or end."""

    median_s: float | None
    known: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """`rolled_back` counts the publishes of these days that somebody rolled back from, and for good.

    `builds` are those of the newest 1,000 publishes. `restores`: how long a version that was rolled back had been live.
    """

    days: tuple[Day, ...]
    unfinished: int
    rolled_back: int
    builds: Durations
    restores: Durations

    @property
    def publishes(self) -> int:
        return sum(day.publishes for day in self.days)

    @property
    def failed(self) -> int:
        return sum(day.failed for day in self.days)

    @property
    def finished(self) -> int:
        return self.publishes - self.unfinished

    @property
    def failure_rate(self) -> float | None:
        """Of the finished publishes, how many failed to build or were rolled back, from 0 to 1. None without any."""
        return min(1.0, (self.failed + self.rolled_back) / self.finished) if self.finished > 0 else None


@dataclass(frozen=True, slots=True)
class AppNumbers:
    """The publishes of one app, of a customer's own versions."""

    deployment_id: str
    name: str
    days: tuple[Day, ...]
    publishes: int


@dataclass(frozen=True, slots=True)
class CustomerFailures:
    """A customer with failed publishes."""

    customer: CustomerSummary
    publishes: int
    failed: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Of all customers that a person may see. `most_failed`: those with the most failures first, ten at most."""

    numbers: Numbers
    most_failed: tuple[CustomerFailures, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerInsights:
    """`apps` are those with a publish in the range, most publishes first. `unlisted` counts those beyond the first."""

    customer: CustomerSummary
    numbers: Numbers
    apps: tuple[AppNumbers, ...]
    unlisted: int
    age: Age


@dataclass(frozen=True, slots=True)
class DeploymentInsights:
    """`builds`, the newest first, and `periods`, the oldest first, are of the range.

    `is_cut`: on a shared deployment a customer's people don't see when versions were live.
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    numbers: Numbers
    builds: tuple[BuildTime, ...]
    periods: tuple[LivePeriod, ...]
    is_cut: bool
    age: Age


def get_numbers(*, by: Person, days: int, now: datetime) -> Numbers:
    """Of all customers that this person may see. Raises NotFound for people who are not staff."""
    if not by.is_staff:
        raise NotFound
    dates, scope = DateRange.until_today(days, now=now), _get_scope(by)
    return _keep(("all", _key_of(scope)), dates, lambda: _compute(scope, dates))


def get_overview(*, by: Person, days: int, now: datetime) -> Overview:
    """The same with the customers that had most failures."""
    numbers = get_numbers(by=by, days=days, now=now)
    dates, scope = DateRange.until_today(days, now=now), _get_scope(by)
    counted = _keep(("failures", _key_of(scope)), dates, lambda: _count_failures(scope, dates))
    found = customers.list_visible(by).in_bulk([customer_id for customer_id, _publishes, _failed in counted])
    return Overview(
        numbers,
        tuple(
            CustomerFailures(summaries.summarize_customer(found[pk], by=by), publishes, failed)
            for pk, publishes, failed in counted
            if pk in found
        ),
    )


def get_customer_insights(*, by: Person, slug: str, days: int, now: datetime) -> CustomerInsights:
    """Raises NotFound, also for a customer that this person has no access to."""
    customer = customers.get_customer(by=by, slug=slug)
    dates = DateRange.until_today(days, now=now)
    scope = Scope(frozenset({customer.pk}), hides_shared=not by.sees_everyone)
    key = ("customer", customer.pk, scope.hides_shared, ages.get_generation(customer, by=by))
    counts, numbers = _keep(key, dates, lambda: _compute_by_app(scope, dates))
    apps = _list_apps(customer, counts, dates, by=by)
    return CustomerInsights(
        customer=summaries.summarize_customer(customer, by=by),
        numbers=numbers,
        apps=tuple(apps[:_MOST_LISTED]),
        unlisted=max(0, len(apps) - _MOST_LISTED),
        age=ages.get_age(customer, customers.get_freshness(customer), by=by, filling=False, now=now),
    )


def get_deployment_insights(
    *, by: Person, slug: str, deployment_id: str, days: int, now: datetime
) -> DeploymentInsights:
    """Raises NotFound, also for a customer that this person has no access to."""
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    dates, is_cut = DateRange.until_today(days, now=now), summaries.hides_others(deployment, by=by)
    customer_ids = None if by.sees_everyone else frozenset({customer.pk})
    scope = Scope(customer_ids, deployment, hides_shared=not by.sees_everyone)
    key = ("app", deployment.pk, customer_ids, is_cut, ages.get_generation(customer, by=by))
    numbers, builds, periods = _keep(key, dates, lambda: _compute_app(scope, deployment, dates, is_cut=is_cut))
    return DeploymentInsights(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        numbers=numbers,
        builds=builds,
        periods=periods,
        is_cut=is_cut,
        age=deployments.get_age(customer, deployment, by=by, now=now),
    )


def _get_scope(by: Person) -> Scope:
    return Scope(by.scope, hides_shared=not by.sees_everyone)


def _key_of(scope: Scope) -> tuple[object, ...]:
    ids = None if scope.customer_ids is None else tuple(sorted(scope.customer_ids))
    return ids, scope.hides_shared


def _keep(key: tuple[object, ...], dates: DateRange, compute: Callable[[], T]) -> T:
    parts = (*key, dates.first, dates.last, str(dates.zone))
    name = f"statistics:{blake2s(repr(parts).encode(), digest_size=16).hexdigest()}"
    found: T | None = cache.get(name)
    if found is None:
        found = compute()
        cache.set(name, found, _CACHED_S)
    return found


def _compute(scope: Scope, dates: DateRange) -> Numbers:
    return _summarize(
        statistics_rows.count_publishes(scope, dates),
        statistics_rows.list_build_times(scope, dates),
        statistics_rows.list_rollbacks(scope, dates),
        dates,
    )


def _compute_by_app(scope: Scope, dates: DateRange) -> tuple[list[PublishCount], Numbers]:
    counts = statistics_rows.count_publishes(scope, dates, by_app=True)
    builds, rollbacks = statistics_rows.list_build_times(scope, dates), statistics_rows.list_rollbacks(scope, dates)
    return counts, _summarize(counts, builds, rollbacks, dates)


def _compute_app(
    scope: Scope, deployment: Deployment, dates: DateRange, *, is_cut: bool
) -> tuple[Numbers, tuple[BuildTime, ...], tuple[LivePeriod, ...]]:
    counts, builds = statistics_rows.count_publishes(scope, dates), statistics_rows.list_build_times(scope, dates)
    rollbacks = [] if is_cut else statistics_rows.list_rollbacks(scope, dates)
    periods = [] if is_cut else statistics_rows.list_live_periods(scope, deployment, dates)
    return _summarize(counts, builds, rollbacks, dates), tuple(builds[:_MOST_SHOWN_BUILDS]), tuple(periods)


def _summarize(
    counts: Iterable[PublishCount], builds: Iterable[BuildTime], rollbacks: Iterable[Rollback], dates: DateRange
) -> Numbers:
    counts, lasting = list(counts), [one for one in rollbacks if not one.is_reverted]
    return Numbers(
        days=_list_days(counts, dates),
        unfinished=sum(each.number for each in counts if each.state in _UNFINISHED),
        rolled_back=sum(one.published_at >= dates.since for one in lasting),
        builds=_measure(build.seconds for build in builds),
        restores=_measure((one.at - one.live_from).total_seconds() if one.live_from else None for one in lasting),
    )


def _list_days(counts: Iterable[PublishCount], dates: DateRange) -> tuple[Day, ...]:
    days = {day: Day(day, 0, 0) for day in dates.days}
    for each in counts:
        day = days[each.day]
        failed = each.number if each.state == Entry.State.FAILED else 0
        days[each.day] = replace(day, publishes=day.publishes + each.number, failed=day.failed + failed)
    return tuple(days.values())


def _measure(seconds: Iterable[float | None]) -> Durations:
    found = list(seconds)
    known = [each for each in found if each is not None]
    return Durations(median(known) if known else None, len(known), len(found) - len(known))


def _count_failures(scope: Scope, dates: DateRange) -> list[tuple[int, int, int]]:
    """Ids of customers with their publishes and failures."""
    entries = scope.list_entries(dates)
    failed = Count("pk", filter=Q(state=Entry.State.FAILED))
    worst = entries.filter(state=Entry.State.FAILED).values("customer_id").annotate(n=Count("*"))
    ids = list(worst.order_by("-n", "customer_id").values_list("customer_id", flat=True)[:_MOST_LISTED])
    counted = entries.filter(customer_id__in=ids).order_by().values("customer_id")
    rows = counted.annotate(n=Count("*"), failed=failed).values_list("customer_id", "n", "failed")
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def _list_apps(customer: Customer, counts: Iterable[PublishCount], dates: DateRange, *, by: Person) -> list[AppNumbers]:
    by_app: dict[int, list[PublishCount]] = {}
    for each in counts:
        by_app.setdefault(each.app, []).append(each)
    held = Deployment.objects.held_by(customer.pk).filter(pk__in=by_app).values_list("pk", "miosa_id", "name")
    found = [
        AppNumbers(
            deployment_id=miosa_id,
            name=open_words.show_text(name, by=by),
            days=_list_days(by_app[pk], dates),
            publishes=sum(each.number for each in by_app[pk]),
        )
        for pk, miosa_id, name in held
    ]
    return sorted(found, key=lambda app: (-app.publishes, app.name, app.deployment_id))
