from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Entry, Operation
from portal.permissions import Permission
from portal.services.operations.base import Icon, Labels, Response
from portal.services.operations.kinds._pointer import PointerKind, call_rollback


class RollBack(PointerKind):
    """Make an older version live again (contract 11.3)."""

    name = "roll_back"
    event = Entry.Event.ROLLED_BACK
    permission = Permission.ROLL_BACK
    goes_back = True
    labels = Labels(
        done=_("rolled back"),
        in_progress=_("is being rolled back"),
        unknown=_("may have been rolled back; we are checking"),
        not_done=_("was not rolled back"),
        accepted=_("rollback accepted, not in effect yet"),
    )
    icon = Icon.BACK
    title = _("Roll back %(app)s of %(customer)s")
    button = _("Roll back %(app)s to %(number)s")
    sending = _("Rolling back…")
    done_title = _("%(app)s is back on %(number)s")
    form_route = "rollback"
    reasons = ("checkout", "content", "slow", "mistake")

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return call_rollback(client, operation, key=key)
