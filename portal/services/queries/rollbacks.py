"""A deployment that is on a rollback: shown on each of its pages until it is undone, in one line once it is kept."""

from datetime import datetime

from portal.models import Customer, Deployment, Operation, Version
from portal.permissions import Permission, Person, Role
from portal.services.authorization import can
from portal.services.people import staff_names
from portal.services.queries import live_periods, summaries, undo
from portal.services.queries.schemas import Rollback


def find_rollback(row: Deployment, customer: Customer, *, by: Person, obstacle: str, now: datetime) -> Rollback | None:
    """The rollback to show. None for a deleted deployment, and on a shared one for a customer's own people.

    `obstacle` is why nothing can be changed now.
    """
    live = row.live_version
    if row.gone_at is not None or not row.on_rollback:
        return None
    if live is None or not summaries.can_see_version(live, customer, by=by):
        return None
    activation = live_periods.find_live_activation(row)
    if activation is None or summaries.hides_others(row, by=by):
        return None
    operation = Operation.objects.filter(key=activation.operation_id).first() if activation.operation_id else None
    before = _find_before(row, activation.previous_id, customer, by=by) if operation else None
    name, role = (operation.person_name, operation.person_role) if operation else ("", "")
    who, role = staff_names.show_person(name, role, by=by)
    kept_by, _role = staff_names.show_person(activation.kept_by, activation.kept_by_role, by=by)
    return Rollback(
        at=None if activation.is_first else operation.requested_at if operation else activation.at,
        who=who,
        role=Role(role) if role else None,
        reason=operation.reason if operation else "",
        operation=operation.key if operation else None,
        is_undo=operation is not None and operation.undo_of is not None,
        live_id=live.miosa_id,
        number=live.number,
        before_id=before.miosa_id if before else "",
        before_number=before.number if before else None,
        kept_by=kept_by,
        kept_at=activation.kept_at,
        undo=undo.find_undo(operation, row, customer, by=by, obstacle=obstacle, now=now) if operation else None,
        may_keep=can(Permission.ROLL_BACK, customer, row, by=by),
    )


def _find_before(row: Deployment, version_id: str, customer: Customer, *, by: Person) -> Version | None:
    version = Version.objects.filter(deployment=row, miosa_id=version_id).first() if version_id else None
    return version if summaries.can_see_version(version, customer, by=by) else None
