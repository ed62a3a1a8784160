"""Who has something on a deployment: its owner, and whoever owns a version or a domain on it.

Versions of nobody are held by Unassigned, so a deployment with more than one holder is a shared one.
"""

from collections.abc import Iterable

from portal.models import Deployment, Domain, Holding, Version
from portal.services.sync.upsert import customers


def holder_ids(deployment: Deployment) -> set[int]:
    return set(Holding.objects.filter(deployment=deployment).values_list("customer_id", flat=True))


def hold(deployment: Deployment, customer_ids: Iterable[int]) -> None:
    """These customers have something on the deployment."""
    have = holder_ids(deployment)
    new = set(customer_ids) - have
    if new:
        Holding.objects.bulk_create(
            [Holding(customer_id=pk, deployment=deployment) for pk in sorted(new)], ignore_conflicts=True
        )
        _share(deployment, len(have | new))
        customers.recount(new)


def own(deployment: Deployment, owner_id: int) -> None:
    """The owner holds the deployment; a former owner does so only while something on it is its own."""
    Holding.objects.update_or_create(customer_id=owner_id, deployment=deployment, defaults={"owns": True})
    Holding.objects.filter(deployment=deployment, owns=True).exclude(customer_id=owner_id).update(owns=False)
    customers.recount({owner_id})
    release(deployment)


def release(deployment: Deployment) -> set[int]:
    """Let go whoever has nothing on the deployment any more. Gives them."""
    let_go = set()
    others = Holding.objects.filter(deployment=deployment, owns=False).select_related("customer")
    # Unassigned comes last: what it holds depends on who else does.
    for holding in others.order_by("customer__is_unassigned", "pk"):
        if not _has_something(holding):
            let_go.add(holding.customer_id)
            holding.delete()
    _share(deployment, Holding.objects.filter(deployment=deployment).count())
    customers.recount(let_go)
    customers.touch(let_go)
    return let_go


def _has_something(holding: Holding) -> bool:
    whose = None if holding.customer.is_unassigned else holding.customer_id
    if Version.objects.filter(deployment=holding.deployment_id, customer=whose).exists():
        return True
    there = Domain.objects.filter(deployment=holding.deployment_id, gone_at=None)
    if there.filter(customer=holding.customer_id).exists():
        return True
    # A silent domain is nobody's only as long as others share the deployment; by itself it makes none shared.
    others = Holding.objects.filter(deployment=holding.deployment_id).exclude(pk=holding.pk)
    return whose is None and there.filter(customer=None).exists() and others.count() > 1


def _share(deployment: Deployment, holders: int) -> None:
    is_shared = holders > 1
    if deployment.is_shared != is_shared:
        deployment.is_shared = is_shared
        Deployment.objects.filter(pk=deployment.pk).update(is_shared=is_shared)
