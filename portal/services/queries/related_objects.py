"""The rows that operations name by MIOSA's ids: read for a whole list at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.models import Customer, Deployment, Holding, Operation, Version


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Customers by their id, deployments by MIOSA's, versions by deployment and MIOSA's id.

    `held`: which deployment, by MIOSA's id, which customer has something on, so that its pages are there.
    """

    customers: dict[int, Customer]
    deployments: dict[str, Deployment]
    versions: dict[tuple[str, str], Version]
    held: set[tuple[str, int]]

    def version(self, deployment_id: str, version_id: str) -> Version | None:
        return self.versions.get((deployment_id, version_id)) if version_id else None


def of(operations: Iterable[Operation]) -> Surroundings:
    """Four queries, however many operations."""
    operations = list(operations)
    places = {deployment_id(operation) for operation in operations} | {one.deployment_id for one in operations}
    versions = {version_id for operation in operations for version_id in version_ids(operation)} - {""}
    deployments = Deployment.objects.filter(miosa_id__in=places).select_related("live_version")
    named = Version.objects.filter(deployment__miosa_id__in=places, miosa_id__in=versions).select_related("deployment")
    return Surroundings(
        customers=Customer.objects.in_bulk({operation.customer_id for operation in operations}),
        deployments={deployment.miosa_id: deployment for deployment in deployments},
        versions={(version.deployment.miosa_id, version.miosa_id): version for version in named},
        held=set(
            Holding.objects.filter(deployment__miosa_id__in=places).values_list("deployment__miosa_id", "customer_id")
        ),
    )


def deployment_id(operation: Operation) -> str:
    """The deployment it concerns: the one it made, once that is known."""
    return str(operation.result.get("deployment_id") or operation.deployment_id)


def version_ids(operation: Operation) -> tuple[str, str]:
    """The version it concerns or made, and the one that was live when the person looked."""
    return operation.target_id or str(operation.result.get("version_id", "")), operation.seen_live_id
