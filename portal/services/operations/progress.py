"""The progress of a publish. Everyone who watches it shares one read of MIOSA."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Customer, Deployment, Freshness, Operation, Version
from portal.permissions import Person
from portal.services import log_text, logs
from portal.services.connection import WrongTenant
from portal.services.operations.read_back import store_deployment
from portal.services.operations.status import refresh_operation
from portal.services.operations.switch import record_switch
from portal.services.queries import summaries
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import State, VersionSummary
from portal.services.sync import leases, scopes, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.upsert import live_pointer, version_rows

logger = logging.getLogger(__name__)

_POLL_EVERY = timedelta(seconds=2)
_TAIL = 4000
# The log is read less often than the state: each time costs a request, and watchers' share of the budget is small.
_LOG_EVERY_S = 6


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a publish.

    `step` is sending, created, building, ready, live, failed or unknown; `moments` are when each began. `still_live` is
    the version that is live meanwhile. `failure` is one sentence. `log_tail` is the end of the log, scrubbed for
    customers.
    """

    operation: OperationPage
    step: str
    moments: tuple[tuple[str, datetime], ...]
    started_at: datetime
    is_done: bool
    goes_live: bool
    version: VersionSummary | None
    still_live: VersionSummary | None
    failure: str
    log_tail: str
    poll_every_s: int


def get_progress(*, by: Person, key: UUID, now: datetime) -> Progress:
    """Watchers share one read of MIOSA every two seconds. Raises NotFound."""
    page = refresh_operation(by=by, key=key, now=now)
    operation = Operation.objects.get(key=key)
    deployment = _find_deployment(operation)
    version = _find_version(deployment, operation)
    if deployment is not None and operation.version_id and _is_unfinished(version, deployment, operation):
        _refresh(operation, deployment, now=now)
        deployment = _find_deployment(operation)
        version = _find_version(deployment, operation)
    customer = Customer.objects.get(pk=operation.customer_id)
    seen = version if summaries.can_see_version(version, customer, by=by) else None
    step = _get_step(page, deployment, version)
    live = deployment.live_version if deployment and step != "live" else None
    is_live_visible = summaries.can_see_version(live, customer, by=by)
    log_tail, failure = _read_log_tail(seen, deployment, customer, step, by=by, now=now)
    goes_live = bool(operation.body.get("promote", True))
    is_over = step in {"live", "failed"} or page.state in {"refused", "decided"}
    return Progress(
        operation=page,
        step=step,
        moments=_list_moments(operation, version, step),
        started_at=operation.requested_at,
        is_done=is_over or (step == "ready" and not goes_live),
        goes_live=goes_live,
        version=summaries.summarize_version(seen, deployment) if seen and deployment else None,
        still_live=summaries.summarize_version(live, deployment) if live and deployment and is_live_visible else None,
        failure=failure,
        log_tail=log_tail,
        poll_every_s=_get_poll_interval_s(now - operation.requested_at),
    )


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
    return log.text[-_TAIL:], log_text.find_failure(log.text) or _("The build failed. Check the log for the cause.")


def _get_step(page: OperationPage, deployment: Deployment | None, version: Version | None) -> str:
    if page.state in {"refused", "decided"}:
        return "failed"
    if page.state in {"accepted", "sent"}:
        return "sending"
    if version is None or deployment is None:
        return "unknown" if page.state == "unknown" else "created"
    state = summaries.get_state(version, deployment)
    if version.state == "archived":
        return "live"
    return {State.LIVE: "live", State.FAILED: "failed", State.BUILDING: "building", State.CREATED: "created"}.get(
        state, "ready"
    )


def _list_moments(operation: Operation, version: Version | None, step: str) -> tuple[tuple[str, datetime], ...]:
    moments = [("sending", operation.requested_at)]
    if version is not None:
        moments.append(("created", version.created_at or version.first_seen_at))
        if version.promoted_at:
            moments.append(("live", version.promoted_at))
        elif step in {"ready", "failed"} and version.updated_at:
            moments.append((step, version.updated_at))
    return tuple(moments)


def _refresh(operation: Operation, deployment: Deployment, *, now: datetime) -> None:
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
    will_go_live = version.state == "ready" and bool(operation.body.get("promote", True))
    return will_go_live and deployment.active_version_id != version.miosa_id and not version.was_live


def _find_deployment(operation: Operation) -> Deployment | None:
    rows = Deployment.objects.filter(miosa_id=operation.actual_deployment_id)
    return rows.select_related("live_version").first()


def _find_version(deployment: Deployment | None, operation: Operation) -> Version | None:
    if deployment is None or not operation.version_id:
        return None
    return Version.objects.filter(deployment=deployment, miosa_id=operation.version_id).first()
