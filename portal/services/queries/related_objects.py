"""The rows that operations name by MIOSA's ids, read for a whole list at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.models import Customer, Deployment, Holding, Operation, Version


@dataclass(frozen=True, slots=True)
class RelatedObjects:
    """Customers by primary key, deployments by MIOSA's id, versions by MIOSA's ids of deployment and version.

    `held`: pairs of deployment (MIOSA's id) and customer who has something on it, so that its pages exist.
    """

    customers: dict[int, Customer]
    deployments: dict[str, Deployment]
    versions: dict[tuple[str, str], Version]
    held: set[tuple[str, int]]

    def find_version(self, deployment_id: str, version_id: str) -> Version | None:
        return self.versions.get((deployment_id, version_id)) if version_id else None


def fetch_related(operations: Iterable[Operation], customers: dict[int, Customer] | None = None) -> RelatedObjects:
    """Four queries for any number of operations; one less if `customers` is given."""
    operations = list(operations)
    deployment_ids = {each.actual_deployment_id for each in operations} | {each.deployment_id for each in operations}
    version_ids = {version_id for each in operations for version_id in (each.version_id, each.seen_live_id)} - {""}
    deployments = Deployment.objects.filter(miosa_id__in=deployment_ids).select_related("live_version")
    versions = Version.objects.filter(deployment__miosa_id__in=deployment_ids, miosa_id__in=version_ids)
    holdings = Holding.objects.filter(deployment__miosa_id__in=deployment_ids)
    return RelatedObjects(
        customers=customers or Customer.objects.in_bulk({each.customer_id for each in operations}),
        deployments={row.miosa_id: row for row in deployments},
        versions={(row.deployment.miosa_id, row.miosa_id): row for row in versions.select_related("deployment")},
        held=set(holdings.values_list("deployment__miosa_id", "customer_id")),
    )
