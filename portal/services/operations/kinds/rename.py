from typing import Any

from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Customer, Deployment, Operation
from portal.permissions import Permission
from portal.services.operations.base import Detection, Kind, Labels, Response
from portal.services.operations.kinds._name import require_name


class Rename(Kind):
    """Change a deployment's name."""

    name = "rename"
    permission = Permission.RENAME_DEPLOYMENT
    lane = "name"
    labels = Labels(
        done=_("renamed"),
        in_progress=_("is being renamed"),
        unknown=_("may have been renamed; we are checking"),
        not_done=_("was not renamed"),
    )
    title = _("Rename %(app)s of %(customer)s")
    button = _("Rename %(app)s")
    sending = _("Renaming…")
    form_route = "renaming"

    def clean_name(self, name: str, deployment: Deployment | None, customer: Customer) -> dict[str, Any]:
        return {"name": require_name(name)}

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.deployments.update(operation.deployment_id, name=operation.body["name"], idempotency_key=key)

    def detect_on(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> Detection:
        if row.name == operation.body.get("name"):
            return Detection.DONE
        return Detection.NOT_DONE if row.name == operation.before.get("name") else Detection.OVERTAKEN
