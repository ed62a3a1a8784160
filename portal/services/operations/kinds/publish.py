from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Customer, Deployment, Entry, Operation, Version
from portal.permissions import Permission
from portal.services import environments, logs
from portal.services.operations.base import Detection, Icon, Kind, Labels, Response
from portal.services.operations.kinds._created import (
    detect_new_deployment,
    find_published,
    get_newest_number,
    list_newer_versions,
)
from portal.services.operations.switch import record_switch

# What the body holds beside the fields of MIOSA's request.
_NOT_SENT = frozenset({"by_bridge", "name", "sandbox_name", "source_sandbox_id", "version_note"})
_UNFINISHED = frozenset({"", "created", "building"})


class Publish(Kind):
    """Make a version from a sandbox, in an existing deployment or a new one (contract 10.3).

    It succeeds when MIOSA has accepted it; how the build ends is the version's outcome.
    """

    name = "publish"
    event = Entry.Event.PUBLISHED
    permission = Permission.PUBLISH
    concerns = Operation.Concerns.CUSTOMER
    runs_in_worker = True
    is_idempotent = False
    requires_same_live = True
    follow_up_for = timedelta(minutes=30)
    labels = Labels(
        done=_("published"),
        in_progress=_("is being published"),
        unknown=_("may have been published; we are checking"),
        not_done=_("was not published"),
        accepted=_("publish accepted, outcome unknown"),
        failed=_("publish failed"),
        staged=_("staged"),
    )
    icon = Icon.UP
    title = _("Publish %(app)s of %(customer)s")
    button = _("Publish to %(app)s")
    sending = _("Publishing…")
    form_route = "publication"
    has_build_progress = True
    reasons = ("asked", "news", "fixed")

    def depends_on_live(self, operation: Operation) -> bool:
        """A staged publish changes nothing that visitors see."""
        return super().depends_on_live(operation) and operation.goes_live

    def snapshot(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> dict[str, Any]:
        return super().snapshot(operation, row, client) | {"newest": get_newest_number(operation, client)}

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        """By `publish`; by the bridge for a new deployment, where it is configured, or where `publish` is missing.

        The first attempt decides. MIOSA would not recognise a repeat by the other way as the same request.
        """
        body = {name: value for name, value in operation.body.items() if name not in _NOT_SENT}
        sandbox_id = operation.body["source_sandbox_id"]
        if name := operation.body.get("name"):
            return client.deployments.publish_from_sandbox(sandbox_id, name=name, idempotency_key=key, **body)
        if not operation.body.get("by_bridge"):
            try:
                return client.deployments.publish(
                    operation.deployment_id, source_sandbox_id=sandbox_id, idempotency_key=key, **body
                )
            except (miosa.NotFound, miosa.NotSupported):
                # The deployment was read a moment ago, so the route is missing, not the deployment.
                if operation.attempts > 1:
                    raise
            operation.body = {**operation.body, "by_bridge": True}
            Operation.objects.filter(pk=operation.pk).update(body=operation.body)
        return client.deployments.publish_from_sandbox(
            sandbox_id, deployment_id=operation.deployment_id, idempotency_key=key, **body
        )

    def read_response(self, operation: Operation, response: Response) -> dict[str, Any]:
        if not isinstance(response, miosa.Published):
            return {}
        return {"version_id": response.version_id, "version_number": response.version_number}

    def _detect(self, operation: Operation, client: miosa.Client) -> Detection:
        if operation.creates_deployment:
            return detect_new_deployment(operation, client)
        return super()._detect(operation, client)

    def detect_on(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> Detection:
        newer = list(list_newer_versions(operation, operation.deployment_id, client))
        version = find_published(operation, operation.deployment_id, iter(newer), client)
        if version is not None:
            operation.result = {**operation.result, "version_id": version.id, "version_number": version.version_number}
            return Detection.DONE
        return Detection.OVERTAKEN if newer else super().detect_on(operation, row, client)

    def find_result(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> None:
        """An answer may name no version (contract 8.9)."""
        if operation.version_id:
            return
        newer = list_newer_versions(operation, row.id, client)
        version = find_published(operation, row.id, newer, client)
        if version is not None:
            facts = {"deployment_id": row.id, "version_id": version.id, "version_number": version.version_number}
            operation.result = {**operation.result, **facts}

    def is_finished(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> bool:
        """It failed, is live, or is staged where it was to be staged."""
        version = Version.objects.filter(deployment=deployment, miosa_id=operation.version_id).first()
        if version is None or version.state in _UNFINISHED:
            return False
        if record_switch(operation, deployment, now=now) or version.state == "failed":
            return True
        goes_live = operation.goes_live and environments.is_main(operation.environment)
        # The deployment is read before the version: if it still shows what was live before, it may have switched since.
        was_replaced = version.was_live and deployment.active_version_id != operation.before.get("live")
        return not goes_live or was_replaced

    def follow_up(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> None:
        """The log of a failed build says why, and is read before somebody opens it: lists show the reason."""
        version = Version.objects.filter(deployment=deployment, miosa_id=operation.version_id, state="failed").first()
        customer = Customer.objects.filter(pk=operation.customer_id).first()
        if version is not None and customer is not None:
            logs.store_failed_log(version, deployment, customer=customer, now=now)

    def is_in_timeline(self, operation: Operation) -> bool:
        return operation.state != Operation.State.SUCCEEDED and not operation.version_id
