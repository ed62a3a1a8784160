"""Why it was not done, in words: one text for people, one for operators."""

from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Operation
from portal.services.journal.kinds import Kind

_BACKUP = ("migration", "backup")


def for_people(operation: Operation, error: miosa.MiosaError) -> str:
    """A sentence that says what is still true and names no vendor."""
    if isinstance(error, miosa.BudgetSpent):
        return _("Many people are asking at once, so nothing was sent. Try again in a few seconds.")
    if isinstance(error, miosa.RateLimited):
        return _("The hosting service asked us to wait, and did nothing. Try again in a minute.")
    if isinstance(error, miosa.Outage):
        return _("The hosting service can't be reached. Nothing was sent, and nothing has changed.")
    return _of_refusal(operation, error) + " " + _("Nothing has changed.")


def for_operators(error: miosa.MiosaError) -> str:
    return error.for_log[:1000]


def restoring(cause: str) -> str:
    """Why a version can't be made live; the same sentence wherever it is told."""
    return {
        "failed": _("It failed, so there is nothing to go back to."),
        "collected": _("Its files are no longer kept, so it can't be restored."),
        "state": _("The hosting service does not let this version go live in its present state."),
        "building": _("It is still being built."),
        "gone": _("The hosting service does not know this version any more."),
        "live": _("It is live already."),
        "unreadable": _("We could not read what the hosting service says of it."),
        "foreign": _("It belongs to another customer."),
    }[cause]


def _of_refusal(operation: Operation, error: miosa.MiosaError) -> str:
    told = f"{error.upstream_code or ''} {error.reason}".lower()
    if any(word in told for word in _BACKUP):
        return _("This version changes the database, and a backup has to be made first. Ask the platform's people.")
    if isinstance(error, miosa.Gone):
        return restoring("collected")
    if isinstance(error, miosa.NotFound):
        return restoring("gone") if operation.target_id else _("The hosting service does not know this app any more.")
    if isinstance(error, miosa.Conflict | miosa.Invalid):
        if operation.kind in {Kind.ROLL_BACK, Kind.PROMOTE}:
            return restoring("state")
        return _("The hosting service did not accept this.")
    if isinstance(error, miosa.PaymentRequired):
        return _("The hosting account needs attention before this can be done. Ask the platform's people.")
    if isinstance(error, miosa.Unauthorized | miosa.Forbidden):
        return _("The hosting service does not let this portal do that. The platform's people have been told.")
    return _("The hosting service refused this.")
