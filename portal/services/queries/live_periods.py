"""When versions were live, from activations alone, and the version to go back to.

Versions that were live before this portal read the deployment have no activation. MIOSA's `promoted_at` puts them in an
order, but shows neither how long they were live nor what came in between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from portal.models import Activation, Customer, Deployment, Version
from portal.permissions import Person
from portal.services.queries import retention

_MOST = 50


@dataclass(frozen=True, slots=True)
class Period:
    """A version was live. `began_at` and `ended_at` are None if they are not known.

    `was_left`: it ended when an older version was made live: somebody rolled back. `is_bad`: its check had failed.
    """

    version: Version
    began_at: datetime | None
    ended_at: datetime | None
    was_left: bool
    is_bad: bool

    @property
    def is_good(self) -> bool:
        return not self.was_left and not self.is_bad


@dataclass(frozen=True, slots=True)
class EarlierPeriods:
    """`before`: of the version that was live until the live one went live. `last_good`: the one to roll back to.

    Each is None if there is none, or it is not known.
    """

    before: Period | None
    last_good: Period | None


NO_PERIODS = EarlierPeriods(None, None)


def find_live_activation(row: Deployment) -> Activation | None:
    """The activation of the live version, if it is known."""
    newest = Activation.objects.filter(deployment_id=row.miosa_id).order_by("-at", "-pk").first()
    return newest if newest is not None and newest.version_id == row.active_version_id else None


def find_last_times(deployment: Deployment, version: Version) -> tuple[datetime | None, datetime | None]:
    """When a version was last made live and last replaced, each None if it is not known."""
    activations = Activation.objects.filter(deployment_id=deployment.miosa_id)
    newest = activations.filter(version_id=version.miosa_id).order_by("-at", "-pk").first()
    if newest is None:
        return None, None
    ended_at = activations.filter(at__gt=newest.at).order_by("at", "pk").values_list("at", flat=True).first()
    return _get_start(newest, version), ended_at


def find_last_good(deployment: Deployment, customer: Customer, *, by: Person, now: datetime) -> Period | None:
    """The newest period of an older version of the same customer that was good to its end, if it can be restored.

    A version that somebody rolled away from is not good, until somebody makes it live again. A newer version than the
    live one is none to roll back to.
    """
    return find_earlier(deployment, customer, by=by, now=now).last_good


def find_earlier(deployment: Deployment, customer: Customer, *, by: Person, now: datetime) -> EarlierPeriods:
    """In one pass over the periods, and only as far back as needed."""
    owner_id = customer.pk
    live = deployment.live_version
    if by.sees_everyone and live and live.customer_id:
        owner_id = live.customer_id
    before: Period | None = None
    seen: set[int] = set()
    for period in _list_periods(deployment):
        version = period.version
        if version.miosa_id == deployment.active_version_id:
            seen.add(version.pk)
            continue
        before = before or period
        is_latest = version.pk not in seen
        seen.add(version.pk)
        is_older = live is None or live.number is None or (version.number is not None and version.number < live.number)
        if not is_latest or not is_older or not period.is_good or version.customer_id != owner_id:
            continue
        if retention.is_restorable(version, now=now):
            return EarlierPeriods(_only_of(owner_id, before), period)
    return EarlierPeriods(_only_of(owner_id, before), None)


def _only_of(owner_id: int, period: Period | None) -> Period | None:
    return period if period is not None and period.version.customer_id == owner_id else None


def _list_periods(deployment: Deployment) -> Iterator[Period]:
    """The newest first."""
    found = Activation.objects.filter(deployment_id=deployment.miosa_id).order_by("-at", "-pk")
    activations = list(found[:_MOST])
    stored = Version.objects.filter(deployment=deployment)
    versions = {
        version.miosa_id: version for version in stored.filter(miosa_id__in={each.version_id for each in activations})
    }
    ended_at: datetime | None = None
    following: int | None = None
    for activation in activations:
        version = versions.get(activation.version_id)
        if version is not None:
            yield _period(activation, version, ended_at=ended_at, following=following)
        ended_at, following = activation.at, version.number if version else None
    if len(activations) < _MOST:
        yield from _list_earlier(deployment, following=following)


def _list_earlier(deployment: Deployment, *, following: int | None) -> Iterator[Period]:
    """Of versions that were live before the first activation, as far as MIOSA's rows show it.

    `following` is the number of the first activation's version.
    """
    known = Activation.objects.filter(deployment_id=deployment.miosa_id).values("version_id")
    earlier = Version.objects.filter(deployment=deployment, was_live=True, number__isnull=False)
    newest = earlier.exclude(miosa_id__in=known).order_by("-number")[:_MOST]
    for version in sorted(newest, key=lambda each: each.promoted_at or each.first_seen_at, reverse=True):
        was_left = following is not None and version.number is not None and version.number > following
        yield Period(version, None, None, was_left=was_left, is_bad=False)
        following = version.number


def _period(activation: Activation, version: Version, *, ended_at: datetime | None, following: int | None) -> Period:
    """`following` is the number of the version that was made live next."""
    return Period(
        version,
        _get_start(activation, version),
        ended_at,
        was_left=following is not None and version.number is not None and version.number > following,
        is_bad=activation.verdict == Activation.Verdict.BAD,
    )


def _get_start(activation: Activation, version: Version) -> datetime | None:
    is_guess = activation.is_first and version.promoted_at is None
    return None if is_guess else activation.at
