"""Why it was not done, in words: one text for people, one for operators."""

from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Operation, Version
from portal.services.operations import accepting, calls, wordings
from portal.services.operations.kinds import Kind

_BACKUP = "backup"


def for_people(operation: Operation, error: miosa.MiosaError, *, unsent: bool = False) -> str:
    """A sentence that says what is still true and names no vendor.

    `unsent`: it was refused before anything was sent.
    """
    if isinstance(error, calls.TooLate):
        return accepting.too_late()["error_for_people"]
    if isinstance(error, miosa.BudgetSpent):
        return _("Many people are asking at once, so nothing was sent. Try again in a few seconds.")
    if isinstance(error, miosa.RateLimited):
        return _("The hosting service asked us to wait, and did nothing. Try again in a minute.")
    if isinstance(error, miosa.Outage) or (isinstance(error, miosa.Refused) and error.from_gateway and unsent):
        return _("The hosting service can't be reached. Nothing was sent, and nothing has changed.")
    if unsent and isinstance(error, miosa.NotFound):
        return _("The hosting service does not know this app any more.")
    return _of_refusal(operation, error) + " " + _("Nothing has changed.")


def elsewhere() -> str:
    return _("This app is not where it was any more, so nothing was sent. The platform's people have been told.")


def not_theirs() -> str:
    return _("This app belongs to somebody else by now, so nothing was sent.")


def shared() -> str:
    return _("Others have something in this app by now, so only the platform's people can change it. Nothing was sent.")


def already_live() -> str:
    return _("This version is live already. Nothing was sent.")


def live_changed(operation: Operation, live_id: str) -> str:
    """Both versions by their number, as far as the customer may know of them."""
    seen, live = _named(operation, operation.seen_live_id), _named(operation, live_id)
    if not live_id:
        text = _("When you looked, %(seen)s was live; by now nothing is. Nothing was sent. Look again, then decide.")
    elif not operation.seen_live_id:
        text = _("When you looked, nothing was live; by now %(live)s is. Nothing was sent. Look again, then decide.")
    else:
        text = _("When you looked, %(seen)s was live; by now %(live)s is. Nothing was sent. Look again, then decide.")
    return text % {"seen": seen, "live": live}


def _named(operation: Operation, version_id: str) -> str:
    """On a shared deployment a number of somebody else's is told to nobody, since the customer reads this too."""
    version = Version.objects.filter(deployment__miosa_id=operation.deployment_id, miosa_id=version_id).first()
    if version is None or version.number is None or version.customer_id != operation.customer_id:
        return _("another version")
    return f"#{version.number}"


def did_not_happen() -> str:
    return _("It did not happen: we looked, and nothing has changed.")


def overtaken() -> str:
    return _(
        "While we waited for an answer, something else was changed there."
        " Yours is not in effect, and it will not be sent again."
    )


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
    if (
        isinstance(error, miosa.Refused)
        and error.from_gateway
        and not isinstance(error, miosa.Conflict | miosa.Invalid)
    ):
        # Something in front of the hosting service said so, and it knows nothing of apps and versions.
        return _("The hosting service refused this.")
    if own := wordings.find(Kind(operation.kind), error):
        return own
    told = f"{error.upstream_code or ''} {error.reason}".lower()
    if _BACKUP in told:
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
