"""What is known of how an app is doing: the last check of its live version, its domains and its running instances.

From what is stored. Nothing here sends a request.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.cache import cache
from django.db.models import OuterRef, Q, QuerySet, Subquery

from portal.models import Customer, Deployment, Domain, Operation
from portal.permissions import Person

_KEPT_S = 3600
_MOST_CHECKS = 5


@dataclass(frozen=True, slots=True)
class AppCheck:
    """The last check of the live version after an operation of ours: `verdict` is ok, bad or unknown.

    `text` is one sentence. `operation` is the key of the operation that was checked.
    """

    at: datetime
    verdict: str
    text: str
    operation: UUID


@dataclass(frozen=True, slots=True)
class InstanceHealth:
    """Of `total` instances that should run, `healthy` do, as of when they were last read."""

    healthy: int
    total: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class DomainHealth:
    """How many of the domains that the person may see lead to the app, and how many do not."""

    working: int
    waiting: int


def annotate_verdict(rows: QuerySet[Deployment]) -> QuerySet[Deployment]:
    """With the `verdict` of the last check of what is live. The one on a build that failed says nothing of that."""
    checks = Operation.objects.filter(deployment_id=OuterRef("miosa_id"), checked_at__gte=OuterRef("live_since"))
    # Only a rollback or a promotion has a target of its own.
    checks = checks.filter(Q(target_id="") | Q(target_id=OuterRef("active_version_id")))
    checks = checks.exclude(Q(verdict=Operation.Verdict.NONE) | Q(result__has_key="build_failed"))
    return rows.annotate(verdict=Subquery(checks.order_by("-requested_at", "-pk").values("verdict")[:1]))


def find_check(row: Deployment) -> AppCheck | None:
    """None if the live version was not checked by this portal since it went live."""
    checked = Operation.objects.filter(deployment_id=row.miosa_id, checked_at__isnull=False)
    if row.live_since is not None:
        checked = checked.filter(checked_at__gte=row.live_since)
    newest = checked.exclude(verdict=Operation.Verdict.NONE).order_by("-requested_at", "-pk")
    for operation in newest[:_MOST_CHECKS] if row.active_version_id else ():
        # A redeploy has no version of its own: it starts what is live.
        version_id = operation.version_id or operation.seen_live_id
        if version_id == row.active_version_id and operation.checked_at and not operation.result.get("build_failed"):
            return AppCheck(operation.checked_at, operation.verdict, operation.verdict_text, operation.key)
    return None


def get_domain_health(row: Deployment, customer: Customer, *, by: Person) -> DomainHealth:
    domains = Domain.objects.filter(deployment=row, gone_at=None)
    shown = list(domains if by.sees_everyone else domains.filter(customer=customer))
    waiting = sum(domain.is_waiting for domain in shown)
    return DomainHealth(len(shown) - waiting, waiting)


def store_instance_health(row: Deployment, *, healthy: Collection[bool], now: datetime) -> None:
    """`healthy`: for each instance that should run, whether it does. Kept for an hour."""
    cache.set(_get_key(row), InstanceHealth(sum(healthy), len(healthy), now), _KEPT_S)


def find_instance_health(row: Deployment) -> InstanceHealth | None:
    """None if nobody looked at the instances within the last hour."""
    found: InstanceHealth | None = cache.get(_get_key(row))
    return found


def _get_key(row: Deployment) -> str:
    return f"instance-health:{row.pk}"
