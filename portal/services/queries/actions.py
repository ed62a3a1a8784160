"""Which actions a page offers to a person, and why one of them is not available now."""

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from portal.models import Connection, Customer, Deployment, Version
from portal.models.versions import UNFINISHED
from portal.permissions import Permission, Person
from portal.services.authorization import can
from portal.services.queries import retention, rollbacks, summaries
from portal.services.queries.schemas import DENIED, Action, Actions, DeploymentSummary


def get_deployment_summary(row: Deployment, customer: Customer, *, by: Person, now: datetime) -> DeploymentSummary:
    """For one of the deployment's own pages: with its actions, and the rollback it is on."""
    obstacle = get_connection_obstacle(customer.connection)
    rollback = rollbacks.find_rollback(row, customer, by=by, obstacle=obstacle, now=now)
    return replace(summarize_with_actions(row, customer, by=by), rollback=rollback)


def summarize_with_actions(row: Deployment, customer: Customer, *, by: Person) -> DeploymentSummary:
    """For lists: with what this person may do about it. Runs no query, as `get_deployment_actions`."""
    actions = get_deployment_actions(row, customer, by=by)
    return replace(summaries.summarize_deployment(row, customer, by=by), actions=actions)


def get_deployment_actions(row: Deployment, customer: Customer, *, by: Person) -> Actions:
    """Runs no query: `row` was loaded with its live and staged version, `customer` with its connection."""
    gone, no_connection = get_gone_obstacle(row), get_connection_obstacle(customer.connection)
    not_live = "" if row.active_version_id else _("Nothing is live yet.")

    def offer(permission: Permission, cause: str = "") -> Action:
        return _offer(permission, row, customer, by=by, cause=gone or cause or no_connection)

    return Actions(
        delete=offer(Permission.DELETE_DEPLOYMENT),
        promote=offer(Permission.PROMOTE) if row.staged_version is not None else DENIED,
        publish=offer(Permission.PUBLISH),
        redeploy=offer(Permission.REDEPLOY, not_live),
        rename=offer(Permission.RENAME_DEPLOYMENT),
        roll_back=offer(Permission.ROLL_BACK, not_live or _explain_no_earlier(row)),
        stop=offer(Permission.STOP, _("It is stopped already.") if row.state == "stopped" else ""),
    )


def get_version_actions(version: Version, row: Deployment, customer: Customer, *, by: Person, now: datetime) -> Actions:
    """Roll back to a version older than what is live, or promote a newer one."""
    if version.miosa_id == row.active_version_id:
        return Actions()
    live = row.live_version.number if row.live_version else None
    is_older = live is not None and version.number is not None and version.number < live
    cause = find_restore_obstacle(version, row, now=now) or get_connection_obstacle(customer.connection)
    if is_older:
        return Actions(roll_back=_offer(Permission.ROLL_BACK, row, customer, by=by, cause=cause))
    return Actions(promote=_offer(Permission.PROMOTE, row, customer, by=by, cause=cause))


def may_write_note(customer: Customer, deployment: Deployment, *, by: Person) -> bool:
    """Whoever may publish or promote here; so on a shared deployment only staff."""
    return any(can(each, customer, deployment, by=by) for each in (Permission.PROMOTE, Permission.PUBLISH))


def get_create_actions(customer: Customer, *, by: Person) -> tuple[Action, Action]:
    """Create an empty app, and publish a sandbox as a new one."""
    cause = get_connection_obstacle(customer.connection)
    return (
        _offer(Permission.CREATE_DEPLOYMENT, None, customer, by=by, cause=cause),
        _offer(Permission.PUBLISH, None, customer, by=by, cause=cause),
    )


def find_restore_obstacle(version: Version, deployment: Deployment, *, now: datetime) -> str:
    """Why a version can't go live; empty if it can. MIOSA has further rules, and may refuse (contract 16, 1 and 24)."""
    if deployment.gone_at is not None or version.gone_at is not None:
        return get_restore_obstacle("gone")
    if version.miosa_id == deployment.active_version_id:
        return get_restore_obstacle("live")
    if not version.is_readable:
        return get_restore_obstacle("unreadable")
    if version.state == "failed":
        return get_restore_obstacle("failed")
    if version.state in UNFINISHED:
        return get_restore_obstacle("building")
    if retention.get_retention(version, is_live=False, now=now).keeping is retention.Keeping.COLLECTED:
        return get_restore_obstacle("collected")
    return ""


def get_restore_obstacle(cause: str) -> str:
    """The same sentence wherever it is shown. Raises KeyError for an unknown cause."""
    return {
        "building": _("It is still being built."),
        "collected": _("Its files are no longer kept, so it can't be restored."),
        "failed": _("It failed, so there is nothing to go back to."),
        "gone": _("This version no longer exists at the hosting service."),
        "live": _("It is live already."),
        "state": _("The hosting service does not let this version go live in its current state."),
        "unreadable": _("We could not read what the hosting service reports about it."),
    }[cause]


def get_gone_obstacle(deployment: Deployment | None) -> str:
    """Empty if the deployment still exists, or is still to be created."""
    if deployment is not None and deployment.gone_at is not None:
        return _("This app no longer exists at the hosting service.")
    return ""


def get_connection_obstacle(connection: Connection) -> str:
    """Why nothing can be changed at this moment; empty while MIOSA answers."""
    if connection.unreachable_since:
        return _("The hosting service can't be reached, so nothing can be changed now.")
    if connection.refused_since:
        return _("The hosting service refuses to answer us, so nothing can be changed now.")
    return ""


def _offer(permission: Permission, row: Deployment | None, customer: Customer, *, by: Person, cause: str) -> Action:
    return Action(may=True, cause=cause) if can(permission, customer, row, by=by) else DENIED


def _explain_no_earlier(row: Deployment) -> str:
    live = row.live_version
    is_first = live is not None and live.number is not None and live.number <= 1
    return _("There is no earlier version.") if is_first else ""
