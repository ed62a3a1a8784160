"""Which deeds a page offers to the person who looks at it, and why one of them can't be done now."""

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from portal.models import Customer, Deployment, Version
from portal.permissions import Person
from portal.services.operations import doing, refusals
from portal.services.operations.kinds import RULES, Kind
from portal.services.queries import retention, rollbacks
from portal.services.queries.schemas import NOT_YOURS, Action, Actions, DeploymentSummary


def dress(
    brief: DeploymentSummary, row: Deployment, customer: Customer, *, by: Person, now: datetime
) -> DeploymentSummary:
    """A deployment for one of its own pages: with what can be done, and the rollback it is on."""
    return replace(
        brief,
        actions=of_deployment(row, customer, by=by, now=now),
        rollback=rollbacks.find(row, customer, by=by),
    )


def of_deployment(row: Deployment, customer: Customer, *, by: Person, now: datetime) -> Actions:
    """No query: `row` comes with its live and staged version, `customer` with its connection."""
    blocked = doing.obstacle(row, row=customer.connection, now=now)
    nothing = "" if row.active_version_id else _("Nothing is live yet.")

    def offer(kind: Kind, cause: str = "") -> Action:
        return _offer(kind, row, customer, by=by, cause=gone(row) or cause or blocked)

    return Actions(
        delete=offer(Kind.DELETE),
        promote=offer(Kind.PROMOTE) if row.staged_version is not None else NOT_YOURS,
        publish=offer(Kind.PUBLISH),
        redeploy=offer(Kind.REDEPLOY, nothing),
        rename=offer(Kind.RENAME),
        roll_back=offer(Kind.ROLL_BACK, nothing or _nothing_before(row)),
        stop=offer(Kind.STOP, _("It is stopped already.") if row.state == "stopped" else ""),
    )


def of_version(version: Version, row: Deployment, customer: Customer, *, by: Person, now: datetime) -> Actions:
    """To roll back to a version older than what is live, or to promote a newer one."""
    live = row.live_version
    if version.miosa_id == row.active_version_id:
        return Actions()
    is_older = (
        live is not None and live.number is not None and version.number is not None and version.number < live.number
    )
    kind = Kind.ROLL_BACK if is_older else Kind.PROMOTE
    cause = why_not(version, row, now=now) or doing.obstacle(row, row=customer.connection, now=now)
    action = _offer(kind, row, customer, by=by, cause=cause)
    return Actions(roll_back=action) if kind is Kind.ROLL_BACK else Actions(promote=action)


def may_create(customer: Customer, *, by: Person, now: datetime) -> tuple[Action, Action]:
    """To make an empty app, and to publish a sandbox as a new one."""
    blocked = doing.obstacle(None, row=customer.connection, now=now)
    return (
        _offer(Kind.CREATE, None, customer, by=by, cause=blocked),
        _offer(Kind.PUBLISH, None, customer, by=by, cause=blocked),
    )


def why_not(version: Version, deployment: Deployment, *, now: datetime) -> str:
    """Why a version can't be made live, or nothing. What only MIOSA can say is left to it (contract 16, 1 and 24)."""
    if deployment.gone_at is not None or version.gone_at is not None:
        return refusals.restoring("gone")
    if version.miosa_id == deployment.active_version_id:
        return refusals.restoring("live")
    if not version.is_readable:
        return refusals.restoring("unreadable")
    if version.state == "failed":
        return refusals.restoring("failed")
    if version.state in {"created", "building"}:
        return refusals.restoring("building")
    if retention.of(version, is_live=False, now=now).keeping is retention.Keeping.COLLECTED:
        return refusals.restoring("collected")
    return ""


def gone(deployment: Deployment | None) -> str:
    if deployment is not None and deployment.gone_at is not None:
        return _("The hosting service does not know this app any more.")
    return ""


def _offer(kind: Kind, row: Deployment | None, customer: Customer, *, by: Person, cause: str) -> Action:
    if not doing.may(RULES[kind].right, customer, row, by=by):
        return NOT_YOURS
    return Action(may=True, cause=cause)


def _nothing_before(row: Deployment) -> str:
    live = row.live_version
    if live is not None and live.number is not None and live.number <= 1:
        return _("There is no earlier version.")
    return ""
