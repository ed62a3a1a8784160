"""The rows that statistics are made of: counts by day, build times, rollbacks, live periods. A query or two for each.

A version counts for the customer in its own attribution (docs/rules.md, 1), which its entry and its row both have.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple

from django.db.models import CharField, Count, QuerySet
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from portal.models import Activation, Deployment, Entry, Version
from portal.models.versions import UNFINISHED, get_build_s, get_created_at

MOST_BUILDS = 1000
_MOST_ROLLBACKS = 2000
_MOST_PERIODS = 200
_FORMAT = "%Y-%m-%d %H:%M"
# A day begins at a whole hour, ten minutes or a minute of UTC: so much of a stored moment is grouped by.
_STEPS = ((13, 60), (15, 10), (16, 1))


@dataclass(frozen=True, slots=True)
class DateRange:
    """Whole days in the reader's zone, both ends included."""

    first: date
    last: date
    zone: tzinfo

    @classmethod
    def until_today(cls, days: int, *, now: datetime) -> "DateRange":
        zone = timezone.get_current_timezone()
        today = now.astimezone(zone).date()
        return cls(today - timedelta(days=days - 1), today, zone)

    @property
    def since(self) -> datetime:
        return _get_midnight(self.first, self.zone)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Scope:
    """`customer_ids` None: versions of every customer, and those without one. `deployment` None: on every deployment.

    `hides_shared`: when versions of shared deployments went live would tell about other customers.
    """

    customer_ids: frozenset[int] | None
    deployment: Deployment | None = None
    hides_shared: bool = True

    def list_entries(self, dates: DateRange) -> QuerySet[Entry]:
        entries = Entry.objects.filter(kind=Entry.Kind.VERSION, at__gte=dates.since)
        if self.customer_ids is not None:
            entries = entries.filter(customer_id__in=self.customer_ids)
        return entries if self.deployment is None else entries.filter(deployment=self.deployment.pk)

    def list_activations(self, dates: DateRange) -> QuerySet[Activation]:
        """Rollbacks and promotions: those that a timeline shows."""
        found = Activation.objects.filter(has_entry=True, at__gte=dates.since)
        if self.customer_ids is None and self.deployment is None:
            return found
        deployments = Deployment.objects.all()
        if self.deployment is not None:
            deployments = deployments.filter(pk=self.deployment.pk)
        if self.customer_ids is not None:
            deployments = deployments.filter(holdings__customer_id__in=self.customer_ids)
        if self.hides_shared:
            deployments = deployments.filter(is_shared=False)
        return found.filter(deployment_id__in=deployments.values("miosa_id"))

    def holds(self, version: Version) -> bool:
        return self.customer_ids is None or version.customer_id in self.customer_ids


class PublishCount(NamedTuple):
    """`app` is a `Deployment.id`, 0 if it was not asked for; `state` an `Entry.State`."""

    day: date
    app: int
    state: int
    number: int


class BuildTime(NamedTuple):
    """`seconds` is None if it is not known when the build ended."""

    version_id: str
    number: int | None
    at: datetime
    seconds: float | None
    is_failed: bool


class _BuildRow(NamedTuple):
    """The columns of a version that its build time needs."""

    miosa_id: str
    number: int | None
    state: str
    created_at: datetime | None
    first_seen_at: datetime
    finished_at: datetime | None


class Rollback(NamedTuple):
    """An older version was made live at `at`. The version before had been published and made live at these moments.

    `live_from` is None if it is not known. `is_reverted`: the version before was made live again later.
    """

    at: datetime
    published_at: datetime
    live_from: datetime | None
    is_reverted: bool


class LivePeriod(NamedTuple):
    """A version was live from `start` to `end`, which is None if it still is. `is_start_known` False: or since earlier.

    `was_left`: it ended when an older version was made live.
    """

    version_id: str
    number: int | None
    start: datetime
    end: datetime | None
    is_start_known: bool
    was_left: bool


def count_publishes(scope: Scope, dates: DateRange, *, by_app: bool = False) -> list[PublishCount]:
    """One query, which an index answers. Grouped by as much of the stored moment as the zone's days need."""
    columns = ("stamp", "state", "deployment") if by_app else ("stamp", "state")
    length, days = _find_length(dates), dates.days
    beginnings = [f"{_get_midnight(day, dates.zone).astimezone(UTC):{_FORMAT}}"[:length] for day in days]
    stamp = Substr(Cast("at", CharField()), 1, length)
    found = scope.list_entries(dates).order_by().annotate(stamp=stamp).values(*columns).annotate(n=Count("*"))
    # A moment ahead of our clock is still today's.
    return [
        PublishCount(days[bisect_right(beginnings, row["stamp"]) - 1], row.get("deployment", 0), row["state"], row["n"])
        for row in found
    ]


def list_build_times(scope: Scope, dates: DateRange, *, most: int = MOST_BUILDS) -> list[BuildTime]:
    """Of the newest versions in the range, the newest first. Those that are still being built are left out."""
    newest = scope.list_entries(dates).order_by("-at", "-pk").values("subject")[:most]
    versions = Version.objects.filter(pk__in=newest).exclude(state__in=UNFINISHED)
    builds = [_get_build_time(_BuildRow(*row)) for row in versions.values_list(*_BuildRow._fields)]
    return sorted(builds, key=lambda build: build.at, reverse=True)


def list_rollbacks(scope: Scope, dates: DateRange) -> list[Rollback]:
    """The newest 2,000 in the range at most, the newest first."""
    found = list(scope.list_activations(dates).order_by("-at")[:_MOST_ROLLBACKS])
    versions = _find_versions(found)
    return [rollback for one in found if (rollback := _get_rollback(one, versions, scope)) is not None]


def list_live_periods(scope: Scope, deployment: Deployment, dates: DateRange) -> list[LivePeriod]:
    """What was live when, the oldest first: from activations, and before the first of them from the versions' rows."""
    found = list(Activation.objects.filter(deployment_id=deployment.miosa_id).order_by("-at", "-pk")[:_MOST_PERIODS])
    found.reverse()
    versions = _find_versions(found)
    periods = [*_list_earlier(scope, deployment, found), *_list_recorded(scope, found, versions)]
    return [period for period in periods if period.end is None or period.end > dates.since]


def _find_length(dates: DateRange) -> int:
    ends = (dates.since, _get_midnight(dates.last, dates.zone))
    offsets = [int((end.utcoffset() or timedelta()).total_seconds()) // 60 for end in ends]
    return next(length for length, minutes in _STEPS if all(offset % minutes == 0 for offset in offsets))


def _get_midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _get_build_time(row: _BuildRow) -> BuildTime:
    """Of a version that MIOSA gave no time, it is not known when its build began."""
    began_at = min(row.created_at, row.first_seen_at) if row.created_at else row.first_seen_at
    seconds = get_build_s(began_at, row.finished_at) if row.created_at is not None else None
    return BuildTime(row.miosa_id, row.number, began_at, seconds, row.state == "failed")


def _find_versions(activations: Iterable[Activation]) -> dict[tuple[str, str], Version]:
    """By MIOSA's ids of deployment and version."""
    named = {(each.deployment_id, miosa_id) for each in activations for miosa_id in (each.version_id, each.previous_id)}
    rows = Version.objects.filter(
        deployment__miosa_id__in={deployment_id for deployment_id, _id in named},
        miosa_id__in={miosa_id for _id, miosa_id in named if miosa_id},
    ).select_related("deployment")
    columns = ("miosa_id", "deployment__miosa_id", "customer_id", "number", "created_at", "first_seen_at")
    return {
        (version.deployment.miosa_id, version.miosa_id): version
        for version in rows.only(*columns, "live_from", "live_until", "promoted_at")
    }


def _get_rollback(activation: Activation, versions: dict[tuple[str, str], Version], scope: Scope) -> Rollback | None:
    """None for a promotion, and for a version of somebody else."""
    to = versions.get((activation.deployment_id, activation.version_id))
    left = versions.get((activation.deployment_id, activation.previous_id))
    if to is None or left is None or not scope.holds(left) or not _is_older(to, left):
        return None
    live_from = left.live_from
    is_reverted = live_from is not None and live_from >= activation.at
    return Rollback(activation.at, get_created_at(left), None if is_reverted else live_from, is_reverted)


def _is_older(version: Version | None, other: Version | None) -> bool:
    if version is None or other is None or version.number is None or other.number is None:
        return False
    return version.number < other.number


def _list_recorded(
    scope: Scope, activations: list[Activation], versions: dict[tuple[str, str], Version]
) -> Iterator[LivePeriod]:
    for activation, following in pairwise([*activations, None]):
        if activation is None:
            continue
        version = versions.get((activation.deployment_id, activation.version_id))
        if version is None or not scope.holds(version):
            continue
        after = versions.get((following.deployment_id, following.version_id)) if following else None
        yield LivePeriod(
            version.miosa_id,
            version.number,
            activation.at,
            following.at if following else None,
            is_start_known=not (activation.is_first and version.promoted_at is None),
            was_left=_is_older(after, version),
        )


def _list_earlier(scope: Scope, deployment: Deployment, activations: list[Activation]) -> Iterator[LivePeriod]:
    """Of versions that were live before the first activation, as far as MIOSA's rows show it."""
    known = {activation.version_id for activation in activations}
    earlier = Version.objects.filter(deployment=deployment, live_from__isnull=False, live_until__isnull=False)
    columns = ("miosa_id", "customer_id", "number", "live_from", "live_until")
    for version in reversed(earlier.only(*columns).order_by("-live_from")[:_MOST_PERIODS]):
        start, end = version.live_from, version.live_until
        if version.miosa_id not in known and scope.holds(version) and start is not None and end is not None:
            yield LivePeriod(version.miosa_id, version.number, start, end, is_start_known=True, was_left=False)
