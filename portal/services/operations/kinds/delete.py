from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Customer, Deployment, Operation
from portal.permissions import Permission
from portal.services import clean_text
from portal.services.errors import Invalid
from portal.services.operations.base import Kind, Labels, Response
from portal.services.operations.kinds._name import LONGEST_NAME


class Delete(Kind):
    """Delete a deployment with its versions and domains."""

    name = "delete"
    permission = Permission.DELETE_DEPLOYMENT
    deletes_deployment = True
    labels = Labels(
        done=_("deleted"),
        in_progress=_("is being deleted"),
        unknown=_("may have been deleted; we are checking"),
        not_done=_("was not deleted"),
    )
    title = _("Delete %(app)s of %(customer)s")
    button = _("Delete %(app)s")
    sending = _("Deleting…")
    reasons = ("asked", "unused", "test")

    def clean_name(self, name: str, deployment: Deployment | None, customer: Customer) -> dict[str, Any]:
        if deployment is not None and clean_text.clean_line(name, most=LONGEST_NAME + 1) != deployment.name:
            raise Invalid({"name": gettext("Type the app's name exactly as shown above.")})
        return {}

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.deployments.delete(operation.deployment_id, idempotency_key=key)
