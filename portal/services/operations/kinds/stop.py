from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Deployment, Entry, Operation
from portal.permissions import Permission
from portal.services.operations.base import Detection, Kind, Labels, Response


class Stop(Kind):
    """Stop serving the deployment."""

    name = "stop"
    event = Entry.Event.STOPPED
    permission = Permission.STOP
    concerns = Operation.Concerns.LIVE
    requires_same_live = True
    labels = Labels(
        done=_("stopped"),
        in_progress=_("is being stopped"),
        unknown=_("may have been stopped; we are checking"),
        not_done=_("was not stopped"),
    )
    title = _("Stop %(app)s of %(customer)s")
    button = _("Stop %(app)s")
    sending = _("Stopping…")
    form_route = "stop"
    reasons = ("asked", "unused", "harm")

    def find_obstacle(self, deployment: Deployment) -> str:
        return gettext("It is stopped already.") if deployment.state == "stopped" else ""

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.deployments.stop(operation.deployment_id, idempotency_key=key)

    def detect_on(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> Detection:
        return Detection.DONE if row.state == "stopped" else super().detect_on(operation, row, client)
