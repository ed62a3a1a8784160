from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Deployment, Entry, Operation
from portal.permissions import Permission
from portal.services.operations.base import Detection, Kind, Labels, Response
from portal.services.operations.switch import CHECK_AFTER

# States of a build (contract 9.3): under way, and ended without a result.
_UNDER_WAY = frozenset({"queued", "pending", "created", "building"})
_FAILED = frozenset({"failed", "cancelled"})


class Redeploy(Kind):
    """Deploy the live version again, with the present env vars. MIOSA may answer with a build (contract 10.3)."""

    name = "redeploy"
    event = Entry.Event.REDEPLOYED
    permission = Permission.REDEPLOY
    concerns = Operation.Concerns.LIVE
    runs_in_worker = True
    is_idempotent = False
    requires_same_live = True
    follow_up_for = timedelta(minutes=30)
    labels = Labels(
        done=_("redeployed"),
        in_progress=_("is being redeployed"),
        unknown=_("may have been redeployed; we are checking"),
        not_done=_("was not redeployed"),
        accepted=_("is being built again"),
        failed=_("redeploy failed"),
    )
    title = _("Redeploy %(app)s of %(customer)s")
    button = _("Redeploy %(app)s")
    sending = _("Redeploying…")
    form_route = "redeployment"
    is_checked = True
    reasons = ("env", "slow", "silent", "asked")

    def find_obstacle(self, deployment: Deployment) -> str:
        return "" if deployment.active_version_id else gettext("Nothing is live, so there is nothing to redeploy.")

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.deployments.redeploy(operation.deployment_id, idempotency_key=key)

    def read_response(self, operation: Operation, response: Response) -> dict[str, Any]:
        build = response.build if isinstance(response, miosa.Changed) else None
        return {"build_id": build.id} if build else {}

    def detect_on(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> Detection:
        """Only a new build shows it. Many redeploys need no build."""
        return Detection.DONE if _has_new_build(operation, row) else super().detect_on(operation, row, client)

    def find_result(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> None:
        """For an answer that named no build, or was lost: a new build is this operation's."""
        if row.current_build_id and _has_new_build(operation, row):
            operation.result = {"build_id": row.current_build_id, **operation.result}

    def is_finished(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> bool:
        """Its build has failed, or the app can be checked."""
        state = _read_build_state(operation, client)
        if state in _UNDER_WAY:
            return False
        facts: dict[str, object] = {"check_due_at": now + CHECK_AFTER}
        if state in _FAILED:
            text = gettext("The build failed. The version that was live before still is.")
            operation.result = {**operation.result, "build_failed": True}
            facts = {"verdict": Operation.Verdict.BAD, "verdict_text": text, "checked_at": now}
            facts["result"] = operation.result
        Operation.objects.filter(pk=operation.pk, check_due_at=None, checked_at=None).update(**facts)
        return True


def _has_new_build(operation: Operation, row: miosa.Deployment) -> bool:
    before = operation.before.get("build")
    return before is not None and (row.current_build_id or "") != before


def _read_build_state(operation: Operation, client: miosa.Client) -> str:
    """Empty if there is no build, or none that can be followed."""
    build_id = operation.result.get("build_id")
    if not build_id:
        return ""
    try:
        return client.builds.get(operation.deployment_id, build_id).state.lower()
    except (miosa.NotFound, miosa.Gone, miosa.NotSupported, miosa.BadAnswer):
        return ""
