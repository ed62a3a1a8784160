"""Which customers a deployment is linked to: its owner, and each that owns a version or a domain on it.

Versions of nobody link it to Unassigned, so a deployment with more than one link is a shared one.
"""

from collections.abc import Iterable

from portal.models import Deployment, Domain, Holding, Version
from portal.services.sync.upsert import customer_rows


def list_customer_ids(deployment: Deployment) -> set[int]:
    return set(Holding.objects.filter(deployment=deployment).values_list("customer_id", flat=True))


def add_customers(deployment: Deployment, customer_ids: Iterable[int]) -> None:
    """These customers own something on the deployment."""
    known = list_customer_ids(deployment)
    new = set(customer_ids) - known
    if new:
        Holding.objects.bulk_create(
            [Holding(customer_id=pk, deployment=deployment) for pk in sorted(new)], ignore_conflicts=True
        )
        _set_shared(deployment, len(known | new))
        customer_rows.count_deployments(new)


def bump_generation(deployment: Deployment, owner_ids: Iterable[int]) -> None:
    """Something changed that concerns these customers. On a shared deployment the others must not notice."""
    linked, owners = list_customer_ids(deployment), set(owner_ids)
    if deployment.is_shared:
        customer_rows.bump_generation(owners, staff_only=linked - owners)
    else:
        customer_rows.bump_generation(owners | linked)


def set_owner(deployment: Deployment, owner_id: int) -> None:
    """Link the owner as such; a former owner stays linked only while it owns something on the deployment."""
    Holding.objects.update_or_create(customer_id=owner_id, deployment=deployment, defaults={"owns": True})
    Holding.objects.filter(deployment=deployment, owns=True).exclude(customer_id=owner_id).update(owns=False)
    customer_rows.count_deployments({owner_id})
    remove_unused(deployment)


def remove_unused(deployment: Deployment) -> set[int]:
    """Remove the links of customers that own nothing on the deployment any more. Returns their ids."""
    removed = set()
    others = Holding.objects.filter(deployment=deployment, owns=False).select_related("customer")
    # Unassigned comes last: what it owns depends on the other links.
    for link in others.order_by("customer__is_unassigned", "pk"):
        if not _owns_something(link):
            removed.add(link.customer_id)
            link.delete()
    _set_shared(deployment, Holding.objects.filter(deployment=deployment).count())
    customer_rows.count_deployments(removed)
    customer_rows.bump_generation(removed)
    return removed


def _owns_something(link: Holding) -> bool:
    owner_id = None if link.customer.is_unassigned else link.customer_id
    if Version.objects.filter(deployment=link.deployment_id, customer=owner_id).exists():
        return True
    domains = Domain.objects.filter(deployment=link.deployment_id, gone_at=None)
    if domains.filter(customer=link.customer_id).exists():
        return True
    # A domain without attribution is nobody's only while others share the deployment; alone it makes none shared.
    others = Holding.objects.filter(deployment=link.deployment_id).exclude(pk=link.pk)
    return owner_id is None and domains.filter(customer=None).exists() and others.count() > 1


def _set_shared(deployment: Deployment, links: int) -> None:
    is_shared = links > 1
    if deployment.is_shared != is_shared:
        deployment.is_shared = is_shared
        Deployment.objects.filter(pk=deployment.pk).update(is_shared=is_shared)
        customer_rows.bump_generation(list_customer_ids(deployment))
