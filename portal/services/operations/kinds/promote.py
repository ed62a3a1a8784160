from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Entry, Operation
from portal.permissions import Permission
from portal.services.operations.base import Icon, Labels, Response
from portal.services.operations.kinds._pointer import PointerKind, call_rollback


class Promote(PointerKind):
    """Make a newer version live, or send a version to another environment (contract 11.3)."""

    name = "promote"
    event = Entry.Event.PROMOTED
    permission = Permission.PROMOTE
    goes_back = False
    chooses_environment = True
    labels = Labels(
        done=_("promoted"),
        in_progress=_("is being promoted"),
        unknown=_("may have been promoted; we are checking"),
        not_done=_("was not promoted"),
        accepted=_("promotion accepted, not in effect yet"),
    )
    icon = Icon.UP
    title = _("Promote %(app)s of %(customer)s")
    button = _("Promote %(app)s to %(number)s")
    sending = _("Promoting…")
    done_title = _("%(app)s is now on %(number)s")
    form_route = "promotion"
    reasons = ("asked", "tested", "fixed", "undo")

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        """For a version that was live before, MIOSA requires its rollback call, also for a newer version."""
        if operation.body.get("was_live") and operation.moves_pointer:
            return call_rollback(client, operation, key=key)
        return client.versions.promote(
            operation.deployment_id,
            operation.target_id,
            environment=operation.environment or None,
            idempotency_key=key,
        )
