from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Entry, Operation
from portal.permissions import Permission
from portal.services.operations.base import Icon, Labels, Response
from portal.services.operations.kinds._pointer import PointerKind, call_rollback


class Undo(PointerKind):
    """Make live again what another operation replaced, whether that is older or newer."""

    name = "undo"
    event = Entry.Event.UNDONE
    # Who requested the other operation may undo it too: `queries.undo.may_undo`.
    permission = Permission.ROLL_BACK
    labels = Labels(
        done=_("change undone"),
        in_progress=_("change is being undone"),
        unknown=_("change may have been undone; we are checking"),
        not_done=_("change was not undone"),
        accepted=_("undo accepted, not in effect yet"),
    )
    icon = Icon.BACK
    title = _("Undo the last change of %(app)s of %(customer)s")
    button = _("Undo, back to %(number)s")
    sending = _("Undoing…")
    done_title = _("%(app)s is back on %(number)s")
    reasons = ("asked", "mistake")

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        """The version was live before, so it is MIOSA's rollback call also for a newer version (contract 11.3)."""
        return call_rollback(client, operation, key=key)
