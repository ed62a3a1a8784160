"""Why an operation was not done: sentences for people that name no vendor, and one text for operators."""

from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Operation
from portal.services.queries.actions import get_restore_obstacle


def explain_error(operation: Operation, error: miosa.MiosaError, own_text: str) -> str:
    """Why the call failed, and that nothing has changed. `own_text`: the kind's own sentence, if any."""
    if isinstance(error, miosa.BudgetSpent) and error.code == "too_late":
        return too_late()
    if isinstance(error, miosa.BudgetSpent):
        return _("Too many requests at the moment, so nothing was sent. Try again in a few seconds.")
    if isinstance(error, miosa.RateLimited):
        return _("The hosting service asked us to wait, and did nothing. Try again in a minute.")
    if isinstance(error, miosa.Outage):
        return _not_reached()
    return _explain_refusal(operation, error, own_text) + " " + _("Nothing has changed.")


def explain_unsent(operation: Operation, error: miosa.MiosaError) -> str:
    """Why the deployment could not be read just before sending, so that nothing was sent."""
    if isinstance(error, miosa.Refused) and error.from_gateway and not isinstance(error, miosa.RateLimited):
        return _not_reached()
    if isinstance(error, miosa.NotFound):
        return app_unknown()
    return explain_error(operation, error, "")


def for_operators(error: miosa.MiosaError) -> str:
    return error.for_log[:1000]


def too_late() -> str:
    return _("It could not be sent in time, so it was not sent at all. Nothing has changed.")


def wrong_tenant() -> str:
    return _("This app has moved to another workspace, so nothing was sent. The platform's staff has been notified.")


def app_unknown() -> str:
    return _("This app no longer exists at the hosting service.")


def not_owner() -> str:
    return _("This app belongs to another customer now, so nothing was sent.")


def shared() -> str:
    return _("Other customers use this app now, so only the platform's staff can change it. Nothing was sent.")


def did_not_happen() -> str:
    return _("It did not happen: we checked, and nothing has changed.")


def overtaken() -> str:
    return _(
        "While we waited for an answer, something else was changed."
        " Your change is not in effect, and it will not be sent again."
    )


def requires_backup(error: miosa.MiosaError) -> bool:
    """MIOSA requires a backup of the database before it makes the version live (contract 11.3)."""
    return "backup" in f"{error.upstream_code or ''} {error.reason}".lower()


def _explain_refusal(operation: Operation, error: miosa.MiosaError, own_text: str) -> str:
    is_about_change = isinstance(error, miosa.Conflict | miosa.Invalid)
    if isinstance(error, miosa.Refused) and error.from_gateway and not is_about_change:
        # A gateway's 404 or 410 is not about the app or the version.
        return _("The hosting service refused this.")
    if own_text:
        return own_text
    if requires_backup(error):
        return _("This version changes the database, and a backup has to be made first. Contact the platform's staff.")
    if isinstance(error, miosa.Gone):
        return get_restore_obstacle("collected")
    if isinstance(error, miosa.NotFound):
        return get_restore_obstacle("gone") if operation.target_id else app_unknown()
    if is_about_change:
        return _("The hosting service did not accept this.")
    if isinstance(error, miosa.PaymentRequired):
        return _("The hosting account needs attention before this can be done. Contact the platform's staff.")
    if isinstance(error, miosa.Unauthorized | miosa.Forbidden):
        return _("The hosting service does not let this portal do that. The platform's staff has been notified.")
    return _("The hosting service refused this.")


def _not_reached() -> str:
    return _("The hosting service can't be reached. Nothing was sent, and nothing has changed.")
