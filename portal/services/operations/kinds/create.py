from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Customer, Deployment, Operation
from portal.permissions import Permission
from portal.services.operations.base import Detection, Icon, Kind, Labels, Response
from portal.services.operations.kinds._created import detect_new_deployment
from portal.services.operations.kinds._name import require_name


class Create(Kind):
    """Create an empty deployment for a customer."""

    name = "create"
    permission = Permission.CREATE_DEPLOYMENT
    is_idempotent = False
    follow_up_for = timedelta(minutes=30)
    labels = Labels(
        done=_("created"),
        in_progress=_("is being created"),
        unknown=_("may have been created; we are checking"),
        not_done=_("was not created"),
    )
    icon = Icon.UP
    title = _("New app for %(customer)s")
    button = _("Create app")
    sending = _("Creating…")

    def clean_name(self, name: str, deployment: Deployment | None, customer: Customer) -> dict[str, Any]:
        attribution = {"external_workspace_id": customer.external_id} if customer.external_id else {}
        return {"name": require_name(name), **attribution}

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.deployments.create(idempotency_key=key, **operation.body)

    def _detect(self, operation: Operation, client: miosa.Client) -> Detection:
        return detect_new_deployment(operation, client)
