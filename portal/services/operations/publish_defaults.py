"""What a publish's form begins with: what was published before, as far as it is still there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from portal.models import Customer, Deployment, Version
from portal.permissions import Person
from portal.services import clean_text
from portal.services.errors import NotFound
from portal.services.operations.kinds.publish import Publish
from portal.services.queries import summaries
from portal.services.queries.operations import find_row
from portal.services.sandboxes import Sandbox

_FIELDS = ("kind", "output_path", "build_command", "run_command", "port", "health_check_path", "environment", "name")


def get_defaults(
    deployment: Deployment | None, customer: Customer, sandboxes: Sequence[Sandbox], *, again: str, by: Person
) -> dict[str, str]:
    """The form's fields. `again` is MIOSA's id of a version, or the key of an operation, to be published once more.

    One that this person may not see, or that is no publish, counts as none. Env vars are no part of it.
    """
    body = _find_body(deployment, customer, again, by=by) if again else {}
    listed = {sandbox.id for sandbox in sandboxes}
    chosen = str(body.get("source_sandbox_id", "")) or _choose_sandbox(deployment, customer, sandboxes)
    fields = {name: str(body[name]) for name in _FIELDS if body.get(name)}
    if services := body.get("data_services"):
        fields["data_services"] = ", ".join(services)
    if body.get("promote") is False:
        fields["then"] = "stage"
    return fields | {"sandbox_id": chosen if chosen in listed else ""}


def _find_body(deployment: Deployment | None, customer: Customer, again: str, *, by: Person) -> dict[str, Any]:
    """What was sent to publish it; of a version that was published elsewhere, what its row says."""
    version = Version.objects.filter(deployment=deployment, miosa_id=clean_text.make_storable(again)).first()
    if version is None:
        return _find_body_of_operation(again, customer, by=by)
    if not summaries.can_see_version(version, customer, by=by):
        return {}
    key = version.publish_operation_id
    if key and (body := _find_body_of_operation(str(key), customer, by=by)):
        return body
    return {
        "source_sandbox_id": version.source_sandbox_id,
        "kind": version.kind,
        "run_command": version.runtime_command,
        "port": version.runtime_port,
        "health_check_path": version.health_check_path,
    }


def _find_body_of_operation(key: str, customer: Customer, *, by: Person) -> dict[str, Any]:
    try:
        operation = find_row(by=by, key=UUID(key))
    except (ValueError, NotFound):
        return {}
    is_publish = (operation.kind, operation.customer_id) == (Publish.name, customer.pk)
    return dict(operation.body) if is_publish else {}


def _choose_sandbox(deployment: Deployment | None, customer: Customer, sandboxes: Sequence[Sandbox]) -> str:
    """One of the app's project, if there is any; of several that of the last publish, else the newest.

    Without one of its project, that of the last publish.
    """
    if deployment is None:
        return ""
    project = deployment.external_project_id
    own = Version.objects.filter(deployment=deployment, customer=customer).exclude(source_sandbox_id="")
    last = own.order_by("-number").values_list("source_sandbox_id", flat=True).first() or ""
    of_project = [sandbox.id for sandbox in sandboxes if project and sandbox.project == project]
    return last if last in of_project or not of_project else of_project[0]
