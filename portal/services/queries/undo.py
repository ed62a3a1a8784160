"""Undo: to make live again what an operation of ours replaced.

Only an operation that is known to have made the live version live can be undone, and only until something else goes
live. A change that was seen from outside knows no predecessor, so it has no undo.
"""

from datetime import datetime, timedelta

from portal.models import Activation, Customer, Deployment, Operation, Version
from portal.models.versions import PreviousVersion
from portal.permissions import Permission, Person
from portal.services.authorization import can
from portal.services.queries import live_periods, retention, summaries
from portal.services.queries.schemas import Undo

# So long after an operation its person and staff undo it with one click; later its form has to be confirmed.
ONE_CLICK_FOR = timedelta(minutes=10)


def may_undo(operation: Operation, customer: Customer, deployment: Deployment, *, by: Person) -> bool:
    """Who may roll back; and who requested it, while still permitted to request such a change."""
    if can(Permission.ROLL_BACK, customer, deployment, by=by):
        return True
    return operation.person_id == by.id and can(Permission(operation.permission), customer, deployment, by=by)


def find_undo(
    operation: Operation, deployment: Deployment, customer: Customer, *, by: Person, obstacle: str = "", now: datetime
) -> Undo | None:
    """None if it can't be undone, or not by this person. `obstacle` is why nothing can be changed now.

    `deployment` was loaded with its live version.
    """
    live = deployment.live_version
    if live is None or deployment.gone_at is not None or not may_undo(operation, customer, deployment, by=by):
        return None
    activation = live_periods.find_live_activation(deployment)
    if activation is None or activation.operation_id != operation.key or _was_overtaken(live, activation):
        return None
    version = Version.objects.filter(deployment=deployment, miosa_id=activation.previous_id).first()
    if version is None or not summaries.can_see_version(version, customer, by=by):
        return None
    if not retention.is_restorable(version, now=now):
        return None
    return _describe(operation, deployment, live, version, obstacle=obstacle, by=by, now=now)


def find_one_click(
    operation: Operation,
    deployment: Deployment,
    replaced: PreviousVersion | None,
    *,
    obstacle: str,
    by: Person,
    now: datetime,
) -> Undo | None:
    """What a list offers, without a query, while one click suffices; for an operation that this person may undo.

    `replaced` was live before, as this person may see it. That it can still be restored is checked when it is sent.
    """
    live = deployment.live_version
    if live is None or replaced is None:
        return None
    found = _describe(operation, deployment, live, replaced, obstacle=obstacle, by=by, now=now)
    return found if found.is_one_click else None


def _describe(
    operation: Operation,
    deployment: Deployment,
    live: Version,
    replaced: Version | PreviousVersion,
    *,
    obstacle: str,
    by: Person,
    now: datetime,
) -> Undo:
    is_recent = now - (operation.switched_at or operation.requested_at) <= ONE_CLICK_FOR
    return Undo(
        operation=operation.key,
        customer_id=operation.customer_id,
        deployment_id=deployment.miosa_id,
        live_id=live.miosa_id,
        live_number=live.number,
        version_id=replaced.miosa_id,
        number=replaced.number,
        cause=obstacle,
        is_one_click=is_recent and (by.is_staff or operation.person_id == by.id),
    )


def find_replaced_id(operation: Operation) -> str:
    """MIOSA's id of the version that was live until the operation changed it; empty if it is not known."""
    activations = Activation.objects.filter(operation_id=operation.key).order_by("-pk")
    return activations.values_list("previous_id", flat=True).first() or ""


def _was_overtaken(live: Version, activation: Activation) -> bool:
    """A newer version went live after the operation, though another look never saw it: somebody rolled back since."""
    newer = Version.objects.filter(deployment_id=live.deployment_id, number__gt=live.number or 0)
    newer = newer.exclude(miosa_id=activation.previous_id)
    return live.number is not None and newer.filter(promoted_at__gt=activation.at).exists()
