"""What every change has in common: the right to it, the reason, the way into the journal and out to MIOSA."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Connection, Customer, Deployment, Operation
from portal.permissions import Permission, Person, has_permission, who_can
from portal.services import connection
from portal.services.errors import Forbidden, Invalid, Unavailable
from portal.services.operations import accepting, beats, reasons, sending
from portal.services.operations.accepting import OperationRequest
from portal.services.operations.kinds import RULES
from portal.services.queries import operations, reachability
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import Reachability
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.wakeup import notify_worker

logger = logging.getLogger(__name__)
_ATTEMPT_LOGGED_EVERY_S = 60


def require_right(right: Permission, customer: Customer, deployment: Deployment | None, *, by: Person) -> None:
    """Raises Forbidden with who can. The attempt is logged, once a minute for each person and right."""
    is_shared = deployment is not None and deployment.is_shared
    switched_off = settings.OWNERS_MAY_NOT
    if has_permission(by, right, customer_id=customer.pk, is_shared=is_shared, switched_off=switched_off):
        return
    if cache.add(f"refused:{by.id}:{right}", 1, _ATTEMPT_LOGGED_EVERY_S):
        logger.warning("change refused", extra={"person": by.id, "right": right, "customer": customer.slug})
    raise Forbidden(
        _("You can look at this, but you can't change it."),
        who_can=who_can(right, is_shared=is_shared, switched_off=switched_off),
    )


def may(right: Permission, customer: Customer, deployment: Deployment | None, *, by: Person) -> bool:
    """Whether a button for this is drawn."""
    is_shared = deployment is not None and deployment.is_shared
    return has_permission(by, right, customer_id=customer.pk, is_shared=is_shared, switched_off=settings.OWNERS_MAY_NOT)


def require_reason(choice: str, text: str, note: str, *, by: Person) -> tuple[str, str]:
    """Raises Invalid with the sentence beside its field."""
    reason, internal, problems = reasons.read(choice, text, note, by=by)
    if problems:
        raise Invalid(problems)
    return reason, internal


def require_environment(asked: str) -> str:
    known = settings.MIOSA.environments
    if asked and asked not in known:
        raise Invalid({"environment": _("There is no such environment.")})
    return asked or known[0]


def require_override(key: str, *, by: Person) -> UUID | None:
    """The unknown operation that staff step over, if they asked to. Raises Forbidden for anybody else."""
    if not key:
        return None
    if not has_permission(by, Permission.OVERRIDE_OPERATION):
        raise Forbidden(
            _("Only the platform's people can step over that."), who_can=who_can(Permission.OVERRIDE_OPERATION)
        )
    try:
        return UUID(key)
    except ValueError:
        raise Invalid({"override": _("There is no such operation.")}) from None


@dataclass(frozen=True, slots=True)
class Lane:
    """What stands in the way of another operation.

    `running` with the name of who asked for it; `unknown` if staff may step over it.
    """

    running: UUID | None = None
    running_name: str = ""
    unknown: UUID | None = None


def look_at_lane(deployment: Deployment | None, lane: str, *, by: Person, now: datetime) -> Lane:
    held = accepting.find_in_lane(deployment.miosa_id, lane, now=now) if deployment is not None else None
    if held is None:
        return Lane()
    may_override = has_permission(by, Permission.OVERRIDE_OPERATION) and accepting.may_be_stepped_over(held, now=now)
    return Lane(held.key, held.person_name, held.key if may_override else None)


def obstacle(deployment: Deployment | None, *, row: Connection | None = None, now: datetime) -> str:
    """Why nothing can be changed at this moment, or nothing. `row` saves a query to whoever has it."""
    status = reachability.get_status(row or connection.get(), is_stale=False, now=now)
    if status.reach is Reachability.OK:
        return ""
    if status.reach is Reachability.REFUSING:
        return _("The hosting service refuses to answer us, so nothing can be changed now.")
    return _("The hosting service can't be reached, so nothing can be changed now.")


def do(
    wish: OperationRequest, *, deployment: Deployment | None, obstacle: str, by: Person, now: datetime
) -> OperationPage:
    """Into the journal, and at once to MIOSA; what takes long is left to the worker.

    Raises Invalid if it is known to be impossible, Unavailable if MIOSA can't be asked, Running if the lane is taken.
    """
    found = accepting.find(wish.token)
    if found is not None:
        return operations.page_of(found, by=by, now=now)
    if obstacle:
        raise Invalid({"": obstacle})
    require_reachable(deployment, now=now)
    operation, is_new = accepting.accept(wish, now=now)
    if is_new and not RULES[wish.token.kind].slow:
        try:
            sending.carry_out(operation)
        finally:
            beats.release(operation)
            notify_worker()
        operation.refresh_from_db()
    return operations.page_of(operation, by=by, now=now)


def require_reachable(deployment: Deployment | None, *, now: datetime) -> None:
    """Raises Unavailable while MIOSA does not answer.

    If it did not lately, it is asked once more: it may be back by now.
    """
    if not obstacle(deployment, now=now):
        return
    ask = upstream.client(Purpose.READ)
    try:
        if deployment is not None:
            ask.deployments.get(deployment.miosa_id)
        else:
            ask.deployments.list(limit=1)
    except miosa.MiosaError as error:
        logger.info("still no answer", extra={"reason": error.code})
    cause = obstacle(deployment, now=now)
    if cause:
        raise Unavailable(cause)


def show(operation: Operation, *, by: Person, now: datetime) -> OperationPage:
    """The operation that a form has become already."""
    return operations.page_of(operation, by=by, now=now)
