from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Deployment, Operation
from portal.services.env_vars import updates
from portal.services.env_vars.names import refresh_names
from portal.services.operations.base import Detection, Labels, Response
from portal.services.operations.kinds._env import EnvKind, list_names, was_changed_since


class DeleteEnv(EnvKind):
    """Delete an env var, where MIOSA can and `MIOSA_DELETES_ENV` allows it."""

    name = "delete_env"
    labels = Labels(
        done=_("env var deleted"),
        in_progress=_("env var is being deleted"),
        unknown=_("env var may have been deleted; we are checking"),
        not_done=_("env var was not deleted"),
    )
    title = _("Delete an env var of %(app)s")
    button = _("Delete env var")
    sending = _("Deleting…")
    reasons = ("asked", "unused", "mistyped")

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.env.delete(operation.deployment_id, operation.body["names"][0], idempotency_key=key)

    def explain_refusal(self, operation: Operation, error: miosa.MiosaError) -> str:
        if isinstance(error, miosa.NotFound | miosa.NotSupported | miosa.Gone):
            return gettext("Deleting env vars is not supported by the hosting service.")
        if isinstance(error, miosa.Invalid | miosa.TooLarge):
            return gettext("The hosting service did not accept these names or values. It may reserve some names.")
        return ""

    def _detect(self, operation: Operation, client: miosa.Client) -> Detection:
        names, is_complete = list_names(operation, client)
        if was_changed_since(operation):
            return Detection.HIDDEN
        if {name for _environment, name in names} & set(operation.body["names"]):
            return Detection.NOT_DONE
        return Detection.DONE if is_complete else Detection.HIDDEN

    def follow_up(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> None:
        updates.delete_updates(operation)
        refresh_names(deployment, client=client, now=now)
