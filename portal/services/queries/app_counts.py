"""The apps of customers, counted by state: one query for a page of customers, however many apps they have."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Q

from portal.models import Customer, Holding
from portal.models.versions import UNFINISHED
from portal.permissions import Person


@dataclass(frozen=True, slots=True)
class AppCounts:
    """How many apps are in each state. One app can be in several; `live` ones may have a problem.

    On a shared deployment a customer sees no state, so that it is in `total` alone. `domains` counts the
    apps with domains that don't lead to them.
    """

    total: int = 0
    live: int = 0
    failed: int = 0
    stopped: int = 0
    on_rollback: int = 0
    domains: int = 0
    staged: int = 0
    building: int = 0
    not_live: int = 0

    @property
    def needs_attention(self) -> bool:
        return bool(self.failed or self.stopped or self.on_rollback or self.domains or self.staged)


NO_APPS = AppCounts()


def count_apps(customers: Collection[Customer], *, by: Person) -> dict[int, AppCounts]:
    """By the customers' primary keys; customers without apps are left out."""
    seen = Q() if by.sees_everyone else Q(deployment__is_shared=False)
    is_stopped = Q(deployment__state="stopped")
    states = {
        "total": Q(),
        "live": seen & ~Q(deployment__active_version_id="") & ~is_stopped,
        "failed": seen & Q(deployment__failed_at__isnull=False),
        "stopped": seen & is_stopped,
        "on_rollback": seen & Q(deployment__on_rollback=True, deployment__is_rollback_kept=False),
        "domains": seen & Q(deployment__domains_waiting__gt=0),
        "staged": seen & Q(deployment__staged_version__isnull=False),
        "building": seen & Q(deployment__newest_version__state__in=UNFINISHED),
        "not_live": seen & Q(deployment__active_version_id="") & ~is_stopped,
    }
    existing = Holding.objects.filter(customer__in=customers, deployment__gone_at=None)
    counted = existing.values("customer_id").annotate(
        **{name: Count("pk", filter=condition) if condition else Count("pk") for name, condition in states.items()}
    )
    return {customer_id: AppCounts(*counts) for customer_id, *counts in counted.values_list("customer_id", *states)}
