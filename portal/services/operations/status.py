"""One operation on its page: opening the page advances it, and a person can decide an unknown outcome.

A publish has progress. Everyone who watches it shares one read of MIOSA.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Customer, Deployment, Operation, Version
from portal.permissions import Permission, Person, who_can
from portal.services import logs
from portal.services.audit.record import record
from portal.services.authorization import can
from portal.services.connection import WrongTenant
from portal.services.errors import Forbidden, Invalid
from portal.services.operations import reconcile
from portal.services.operations.kinds import get_kind
from portal.services.operations.switch import record_switch
from portal.services.queries import summaries
from portal.services.queries.log_pages import LogPage
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.operations import find_row, get_page, may_decide
from portal.services.queries.progress import Progress, get_step, list_moments
from portal.services.queries.schemas import VersionSummary
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import build_refresh
from portal.services.sync.leases import LeaseLost
from portal.wakeup import notify_worker

logger = logging.getLogger(__name__)

CHOICES = ("happened", "did_not", "again")


def refresh_operation(*, by: Person, key: UUID, now: datetime) -> OperationPage:
    """Advance an unfinished operation, unless only the worker does that, and return it. Raises NotFound."""
    operation = find_row(by=by, key=key)
    if reconcile.is_due(operation, now=now):
        try:
            _step(operation, now=now)
        except OperationalError as error:
            # Shown as it is; the next look or the worker advances it.
            logger.warning("operation not advanced", extra={"operation": str(key), "reason": str(error)})
    return get_page(operation, by=by, now=now)


def decide(*, by: Person, key: UUID, choice: str, now: datetime) -> OperationPage:
    """Record what a person knows of an unknown outcome: happened, did_not, or again (read MIOSA once more).

    Raises NotFound, Forbidden, Invalid.
    """
    operation = find_row(by=by, key=key)
    if not may_decide(operation, by=by):
        text = _("Only the person who requested it and the platform's staff can choose what happened.")
        raise Forbidden(text, who_can=who_can(Permission.OVERRIDE_OPERATION))
    if choice not in CHOICES:
        raise Invalid({"choice": _("Choose what happened.")})
    if choice == "again":
        unknown = Operation.objects.filter(pk=operation.pk, state=Operation.State.UNKNOWN)
        unknown.update(next_read_at=now)
        _record_choice(operation, choice, by=by)
        notify_worker()
        operation.refresh_from_db()
        _step(operation, now=now)
        return get_page(operation, by=by, now=now)
    if operation.state == Operation.State.UNKNOWN and not operation.needs_decision:
        raise Invalid({"choice": _("We are still checking. Wait a moment, then check again.")})
    with transaction.atomic():
        reconcile.record_decision(operation, happened=choice == "happened", by=by, now=now)
        _record_choice(operation, choice, by=by)
    operation.refresh_from_db()
    return get_page(operation, by=by, now=now)


def _record_choice(operation: Operation, choice: str, *, by: Person) -> None:
    record(
        "operation.decided",
        by=by,
        customer=Customer.objects.filter(pk=operation.customer_id).first(),
        target=operation.deployment_name,
        after={"choice": choice},
        operation=operation.key,
    )


def get_progress(page: OperationPage, *, by: Person, now: datetime) -> Progress:
    """The progress of a publish. All who watch the version share one read of MIOSA. Raises NotFound."""
    operation = find_row(by=by, key=page.key)
    deployment = _find_deployment(operation)
    version = _find_version(deployment, operation)
    if deployment is not None and operation.version_id and _is_unfinished(version, deployment, operation):
        _refresh_version(operation, deployment, now=now)
        deployment = _find_deployment(operation)
        version = _find_version(deployment, operation)
    customer = Customer.objects.get(pk=operation.customer_id)
    seen = version if summaries.can_see_version(version, customer, by=by) else None
    step = get_step(page, deployment, version)
    log = _read_log(seen, deployment, customer, by=by, now=now)
    failure = (log.failure if log else "") or _("The build failed. Check the log for the cause.")
    is_over = step in {"live", "failed"} or page.state in {"refused", "decided"}
    return Progress(
        step=step,
        moments=list_moments(operation, version, step),
        started_at=operation.requested_at,
        is_done=is_over or (step == "ready" and not operation.goes_live),
        goes_live=operation.goes_live,
        version=summaries.summarize_version(seen, deployment, by=by) if seen and deployment else None,
        still_live=_find_still_live(page, step, deployment, customer, by=by),
        failure=failure if step == "failed" and seen else "",
        log=log,
        poll_every_s=_get_poll_interval_s(now - operation.requested_at),
        is_log_pending=step == "failed" and log is not None and not log.complete,
        may_publish=can(Permission.PUBLISH, customer, deployment, by=by),
    )


def _find_still_live(
    page: OperationPage, step: str, deployment: Deployment | None, customer: Customer, *, by: Person
) -> VersionSummary | None:
    """What visitors see meanwhile; after a person's decision nobody has read it."""
    live = deployment.live_version if deployment else None
    if deployment is None or live is None or not summaries.can_see_version(live, customer, by=by):
        return None
    is_served = deployment.gone_at is None and deployment.state != "stopped"
    if not is_served or step == "live" or page.decision == "happened":
        return None
    return summaries.summarize_version(live, deployment, by=by)


def _step(operation: Operation, *, now: datetime) -> None:
    """Slow kinds are left to the worker, since their calls may take a minute."""
    if get_kind(operation.kind).runs_in_worker:
        notify_worker()
        return
    reconcile.step(operation, now=now)
    operation.refresh_from_db()


def _get_poll_interval_s(age: timedelta) -> int:
    if age < timedelta(minutes=2):
        return 2
    return 5 if age < timedelta(minutes=10) else 15


def _read_log(
    version: Version | None, deployment: Deployment | None, customer: Customer, *, by: Person, now: datetime
) -> LogPage | None:
    """The build log, read as its own page reads it, so that what was read stays when the build ends."""
    if version is None or deployment is None or version.state in {"", "created"}:
        return None
    return logs.read_log(version, deployment, customer=customer, by=by, stage="", now=now)


def _refresh_version(operation: Operation, deployment: Deployment, *, now: datetime) -> None:
    """One read for all who watch it: the version, and the deployment once it is built."""
    client = upstream.client(Purpose.PROGRESS)
    try:
        build_refresh.refresh_build(deployment, operation.version_id, client=client, now=now)
        deployment.refresh_from_db()
        record_switch(operation, deployment, now=timezone.now())
    except (miosa.MiosaError, WrongTenant, LeaseLost, OperationalError):
        # The page goes on polling, and shows the age of its data.
        logger.info("progress not read", extra={"operation": str(operation.key)})


def _is_unfinished(version: Version | None, deployment: Deployment, operation: Operation) -> bool:
    if version is None or version.state in {"created", "building", ""}:
        return True
    will_go_live = version.state == "ready" and operation.goes_live
    return will_go_live and deployment.active_version_id != version.miosa_id and not version.was_live


def _find_deployment(operation: Operation) -> Deployment | None:
    rows = Deployment.objects.filter(miosa_id=operation.actual_deployment_id)
    return rows.select_related("live_version").first()


def _find_version(deployment: Deployment | None, operation: Operation) -> Version | None:
    if deployment is None or not operation.version_id:
        return None
    return Version.objects.filter(deployment=deployment, miosa_id=operation.version_id).first()
