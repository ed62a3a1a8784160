"""A deployment that is on a rollback: shown on each of its pages until it is undone or kept."""

from portal.models import Activation, Customer, Deployment, Operation, Version
from portal.permissions import Permission, Person, Role
from portal.services.authorization import can
from portal.services.queries import summaries
from portal.services.queries.schemas import Rollback


def find_rollback(row: Deployment, customer: Customer, *, by: Person) -> Rollback | None:
    """The rollback to show. None on a shared deployment for a customer's own people, and once it was kept."""
    live = row.live_version
    if not row.on_rollback or live is None or not summaries.can_see_version(live, customer, by=by):
        return None
    if summaries.hides_others(row, by=by):
        return None
    activation = find_live_activation(row)
    if activation is None or activation.kept_at is not None:
        return None
    operation = Operation.objects.filter(key=activation.operation_id).first() if activation.operation_id else None
    previous = _find_previous(row, activation, customer, by=by)
    is_forward = previous is not None and (previous.number or 0) > (live.number or 0)
    permission = Permission.PROMOTE if is_forward else Permission.ROLL_BACK
    return Rollback(
        at=operation.requested_at if operation else activation.at,
        who=operation.person_name if operation else "",
        role=Role(operation.person_role) if operation and operation.person_role else None,
        reason=operation.reason if operation else "",
        operation=operation.key if operation else None,
        live_id=live.miosa_id,
        number=live.number,
        before_id=previous.miosa_id if previous else "",
        before_number=previous.number if previous else None,
        is_forward=is_forward,
        may_undo=previous is not None and can(permission, customer, row, by=by),
        may_keep=can(Permission.ROLL_BACK, customer, row, by=by),
    )


def find_live_activation(row: Deployment) -> Activation | None:
    """The activation of the live version, if it is known."""
    newest = Activation.objects.filter(deployment_id=row.miosa_id).order_by("-at", "-pk").first()
    return newest if newest is not None and newest.version_id == row.active_version_id else None


def _find_previous(row: Deployment, activation: Activation, customer: Customer, *, by: Person) -> Version | None:
    if not activation.previous_id:
        return None
    version = Version.objects.filter(deployment=row, miosa_id=activation.previous_id, gone_at=None).first()
    return version if summaries.can_see_version(version, customer, by=by) else None
