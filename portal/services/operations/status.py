"""One operation on its page: opening the page advances it, and a person can decide an unknown outcome.

A publish has progress. Everyone who watches it shares one read of MIOSA.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa, terminal
from portal.models import Customer, Deployment, Freshness, Operation, Version
from portal.permissions import Permission, Person, who_can
from portal.services import log_text, logs
from portal.services.connection import WrongTenant
from portal.services.errors import Forbidden, Invalid
from portal.services.operations import reconcile
from portal.services.operations.kinds import get_kind
from portal.services.operations.read_back import store_deployment
from portal.services.operations.switch import record_switch
from portal.services.queries import summaries
from portal.services.queries.operations import OperationPage, find_row, get_page, may_decide
from portal.services.queries.progress import Progress, get_step, list_moments
from portal.services.sync import leases, scopes, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.upsert import live_pointer, version_rows
from portal.wakeup import notify_worker

logger = logging.getLogger(__name__)

CHOICES = ("happened", "did_not", "again")
_POLL_EVERY = timedelta(seconds=2)
_TAIL = 4000
# The log is read less often than the state: each time costs a request, and watchers' share of the budget is small.
_LOG_EVERY_S = 6


def refresh_operation(*, by: Person, key: UUID, now: datetime) -> OperationPage:
    """Advance an unfinished operation, unless only the worker does that, and return it. Raises NotFound."""
    operation = find_row(by=by, key=key)
    if reconcile.is_due(operation, now=now):
        _step(operation, now=now)
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
        notify_worker()
        operation.refresh_from_db()
        _step(operation, now=now)
        return get_page(operation, by=by, now=now)
    if operation.state == Operation.State.UNKNOWN and not operation.needs_decision:
        raise Invalid({"choice": _("We are still checking. Wait a moment, then check again.")})
    reconcile.record_decision(operation, happened=choice == "happened", by_name=by.name, now=now)
    operation.refresh_from_db()
    return get_page(operation, by=by, now=now)


def get_progress(page: OperationPage, *, by: Person, now: datetime) -> Progress:
    """The progress of a publish. Watchers share one read of MIOSA every two seconds. Raises NotFound."""
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
    # After a person's decision nobody has read what is live now.
    live = deployment.live_version if deployment and step != "live" and page.decision != "happened" else None
    is_live_visible = summaries.can_see_version(live, customer, by=by)
    shown_live = live if is_live_visible else None
    log_tail, failure = _read_log_tail(seen, deployment, customer, step, by=by, now=now)
    is_over = step in {"live", "failed"} or page.state in {"refused", "decided"}
    return Progress(
        step=step,
        moments=list_moments(operation, version, step),
        started_at=operation.requested_at,
        is_done=is_over or (step == "ready" and not operation.goes_live),
        goes_live=operation.goes_live,
        version=summaries.summarize_version(seen, deployment, by=by) if seen and deployment else None,
        still_live=summaries.summarize_version(shown_live, deployment, by=by) if shown_live and deployment else None,
        failure=failure,
        log_tail=log_tail,
        poll_every_s=_get_poll_interval_s(now - operation.requested_at),
    )


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


def _read_log_tail(
    version: Version | None, deployment: Deployment | None, customer: Customer, step: str, *, by: Person, now: datetime
) -> tuple[str, str]:
    """The end of the build log, and the cause of a failure as one sentence."""
    if version is None or deployment is None:
        return "", ""
    if step == "building":
        tail = cache.get(f"progress-log:{version.pk}", "")
        return (tail if by.is_staff else log_text.scrub(tail)), ""
    if step not in {"failed", "ready", "live"}:
        return "", ""
    log = logs.read_log(version, deployment, customer=customer, by=by, stage="", now=now)
    if step != "failed":
        return log.text[-_TAIL:], ""
    return log.text[-_TAIL:], log_text.find_failure(terminal.to_plain(log.text).split("\n")) or _(
        "The build failed. Check the log for the cause."
    )


def _refresh_version(operation: Operation, deployment: Deployment, *, now: datetime) -> None:
    """One read for all watchers: the version, and the deployment once the version has left building."""
    scope = f"progress:{operation.pk}"
    row = scopes.get_freshness(scope)
    if row.read_at is not None and now - row.read_at < _POLL_EVERY:
        return
    with leases.take_lease(scope) as held:
        if held is None:
            return
        try:
            _fetch(operation, deployment, upstream.client(Purpose.PROGRESS))
        except (miosa.MiosaError, WrongTenant):
            # The page goes on polling, and shows the age of its data.
            logger.info("progress not read", extra={"operation": str(operation.key)})
        Freshness.objects.filter(pk=row.pk).update(read_at=now)


def _fetch(operation: Operation, deployment: Deployment, client: miosa.Client) -> None:
    """Raises miosa.MiosaError, WrongTenant."""
    row = client.versions.get(deployment.miosa_id, operation.version_id)
    taken = version_rows.upsert_versions(deployment, [row], now=timezone.now())
    if row.state not in {"created", "building"}:
        store_deployment(client.deployments.get(deployment.miosa_id))
        deployment.refresh_from_db()
    live_pointer.update_live_pointer(deployment, changes=taken, now=timezone.now())
    record_switch(operation, deployment, now=timezone.now())
    version = _find_version(deployment, operation)
    is_building = version is not None and version.state == "building"
    if is_building and version is not None and cache.add(f"progress-log-read:{version.pk}", 1, _LOG_EVERY_S):
        text = str(client.versions.logs(deployment.miosa_id, version.miosa_id))
        cache.set(f"progress-log:{version.pk}", text[-_TAIL:], 60)


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
