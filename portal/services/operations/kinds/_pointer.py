"""Base class of roll back, promote and undo, which make a version live."""

from datetime import datetime
from typing import ClassVar

from portal import miosa
from portal.models import Deployment, Operation
from portal.services.operations import messages
from portal.services.operations.base import Detection, Kind, Response
from portal.services.operations.switch import record_switch
from portal.services.queries.actions import get_restore_obstacle


class PointerKind(Kind):
    concerns = Operation.Concerns.VERSION
    requires_same_live = True
    moves_pointer = True
    is_checked = True
    # Whether its form offers versions older than the live one, or newer. Undo offers no choice.
    goes_back: ClassVar[bool]
    # Whether the dialog offers a choice of environment.
    chooses_environment: ClassVar[bool] = False

    def detect_on(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> Detection:
        if not operation.moves_pointer:
            # MIOSA does not report which version another environment runs.
            return Detection.HIDDEN
        if row.active_version_id == operation.target_id:
            return Detection.DONE
        by_live_version = super().detect_on(operation, row, client)
        if by_live_version is Detection.NOT_DONE:
            return by_live_version
        try:
            target = client.versions.get(operation.deployment_id, operation.target_id)
        except (miosa.NotFound, miosa.Gone) as missing:
            return Detection.NO_ANSWER if missing.from_gateway else Detection.OVERTAKEN
        went_live_since = target.promoted_at and target.promoted_at >= (operation.sent_at or operation.requested_at)
        return Detection.DONE if went_live_since else Detection.OVERTAKEN

    def is_finished(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> bool:
        if not operation.moves_pointer:
            return True
        return record_switch(operation, deployment, now=now) or operation.switched_at is not None

    def explain_refusal(self, operation: Operation, error: miosa.MiosaError) -> str:
        if isinstance(error, miosa.Conflict | miosa.Invalid) and not messages.requires_backup(error):
            return get_restore_obstacle("state")
        return ""


def call_rollback(client: miosa.Client, operation: Operation, *, key: str) -> Response:
    return client.deployments.rollback(operation.deployment_id, version_id=operation.target_id, idempotency_key=key)
