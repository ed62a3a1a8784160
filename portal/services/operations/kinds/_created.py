"""Find the deployment or version that an operation has created."""

from collections.abc import Iterator
from itertools import islice, pairwise

from portal import clock_skew, miosa
from portal.models import Customer, Deployment, Operation, Version
from portal.services.operations.base import Detection

_MOST_PAGES = 3


def detect_new_deployment(operation: Operation, client: miosa.Client) -> Detection:
    """A deployment of its name and customer, new since the request. MIOSA's filter is not relied on."""
    external_id = _get_external_id(operation)
    claimed = _list_claimed("deployment_id", operation)
    since = operation.requested_at - clock_skew.MIOSA
    for page in islice(client.deployments.pages(external_workspace_id=external_id or None), _MOST_PAGES):
        for row in page.items:
            is_same = row.name == operation.body.get("name") and (row.external_workspace_id or "") == external_id
            is_new = row.created_at is None or row.created_at >= since
            known = Deployment.objects.filter(miosa_id=row.id, first_seen_at__lt=operation.requested_at)
            if is_same and is_new and row.id not in claimed and not known.exists():
                operation.result = {**operation.result, "deployment_id": row.id}
                return Detection.DONE
    return Detection.NOT_DONE


def list_newer_versions(operation: Operation, deployment_id: str, client: miosa.Client) -> Iterator[miosa.Version]:
    """Versions above those that existed just before sending, newest first, from no more pages than needed."""
    newest = int(str(operation.before.get("newest", 0)))
    for page in islice(client.versions.pages(deployment_id), _MOST_PAGES):
        numbers = [row.version_number for row in page.items]
        yield from (row for row in page.items if row.version_number > newest)
        is_sorted = all(one > other for one, other in pairwise(numbers))
        if is_sorted and (not numbers or numbers[-1] <= newest):
            return


def find_published(
    operation: Operation, deployment_id: str, newer: Iterator[miosa.Version], client: miosa.Client
) -> miosa.Version | None:
    """The version that the operation has published: of its sandbox and customer. Raises miosa.MiosaError."""
    claimed = _list_claimed("version_id", operation)
    external_id = _get_external_id(operation)
    for row in newer:
        version = row if row.source_sandbox_id else client.versions.get(deployment_id, row.id)
        owner = version.external_workspace_id
        is_foreign = isinstance(owner, str) and owner not in {"", external_id}
        is_from_sandbox = version.source_sandbox_id == operation.body.get("source_sandbox_id")
        if is_from_sandbox and not is_foreign and row.id not in claimed:
            return version
    return None


def get_newest_number(operation: Operation, client: miosa.Client) -> int:
    """The highest version number that MIOSA shows or that is stored."""
    known = Version.objects.filter(deployment__miosa_id=operation.deployment_id, number__isnull=False)
    stored = known.order_by("-number").values_list("number", flat=True).first() or 0
    return max([stored, *(row.version_number for row in client.versions.list(operation.deployment_id).items)])


def _list_claimed(fact: str, operation: Operation) -> set[str]:
    """What other operations of this customer have created already."""
    others = Operation.objects.filter(customer_id=operation.customer_id, **{f"result__{fact}__isnull": False})
    recent = others.exclude(pk=operation.pk).order_by("-pk").values_list("result", flat=True)[:200]
    return {str(result[fact]) for result in recent}


def _get_external_id(operation: Operation) -> str:
    rows = Customer.objects.filter(pk=operation.customer_id).values_list("external_id", flat=True)
    return rows.first() or ""
