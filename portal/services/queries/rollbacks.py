"""A deployment that stands on a rollback: said on each of its pages, until it is undone or somebody keeps it."""

import logging
from datetime import datetime

from django.utils.translation import gettext as _

from portal.models import Activation, Customer, Deployment, Operation, Version
from portal.permissions import Permission, Person, Role
from portal.services.errors import Conflict, NotFound
from portal.services.operations import doing
from portal.services.queries import customers, summaries
from portal.services.queries.schemas import Rollback
from portal.services.sync.upsert import customer_rows

logger = logging.getLogger(__name__)


def find(row: Deployment, customer: Customer, *, by: Person) -> Rollback | None:
    """The rollback to tell of. None on a shared deployment for a customer's person, and when somebody kept it."""
    live = row.live_version
    if not row.on_rollback or live is None or not summaries.may_see(live, customer, by=by):
        return None
    if summaries.hides_others(row, by=by):
        return None
    activation = _activation(row)
    if activation is None or activation.kept_at is not None:
        return None
    operation = Operation.objects.filter(key=activation.operation_id).first() if activation.operation_id else None
    before = _before(row, activation, customer, by=by)
    is_forward = before is not None and (before.number or 0) > (live.number or 0)
    right = Permission.PROMOTE if is_forward else Permission.ROLL_BACK
    return Rollback(
        at=operation.asked_at if operation else activation.at,
        who=operation.person_name if operation else "",
        role=Role(operation.person_role) if operation and operation.person_role else None,
        reason=operation.reason if operation else "",
        operation=operation.key if operation else None,
        live_id=live.miosa_id,
        number=live.number,
        before_id=before.miosa_id if before else "",
        before_number=before.number if before else None,
        is_forward=is_forward,
        may_undo=before is not None and doing.may(right, customer, row, by=by),
        may_keep=doing.may(Permission.ROLL_BACK, customer, row, by=by),
    )


def keep(*, by: Person, slug: str, deployment_id: str, live_id: str, now: datetime) -> None:
    """This rollback stays: no more reminders. Raises NotFound, Forbidden, Conflict if something else is live by now."""
    customer = customers.get_customer(by=by, slug=slug)
    row = Deployment.objects.filter(holdings__customer=customer, miosa_id=deployment_id).first()
    if row is None:
        raise NotFound
    doing.require_right(Permission.ROLL_BACK, customer, row, by=by)
    activation = _activation(row)
    if activation is None or activation.version_id != live_id:
        raise Conflict(_("Something else went live meanwhile. Look again."))
    if activation.kept_at is None:
        activation.kept_at, activation.kept_by = now, by.name[:200]
        activation.save(update_fields=["kept_at", "kept_by"])
        customer_rows.bump_generation({customer.pk})
        logger.info("rollback kept", extra={"deployment": deployment_id, "person": by.id})


def _activation(row: Deployment) -> Activation | None:
    """The one that made live what is live."""
    newest = Activation.objects.filter(deployment_id=row.miosa_id).order_by("-at", "-pk").first()
    return newest if newest is not None and newest.version_id == row.active_version_id else None


def _before(row: Deployment, activation: Activation, customer: Customer, *, by: Person) -> Version | None:
    if not activation.previous_id:
        return None
    version = Version.objects.filter(deployment=row, miosa_id=activation.previous_id, gone_at=None).first()
    return version if summaries.may_see(version, customer, by=by) else None
