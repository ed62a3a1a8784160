"""A publish on its way: how far it is, and the look at MIOSA that everybody who watches shares."""

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
from portal.services import logs
from portal.services.connection import WrongTenant
from portal.services.operations import reading
from portal.services.queries import operations, summaries
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import State, VersionSummary
from portal.services.sync import freshness, leases, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.upsert import live_pointer, version_rows

logger = logging.getLogger(__name__)

_POLL_EVERY = timedelta(seconds=2)
_TAIL = 4000
# The log is read less often than the state: it costs a request each time, and the budget of watching is small.
_LOG_EVERY_S = 6


@dataclass(frozen=True, slots=True)
class Progress:
    """A publish on its way. `step` is sending, created, building, ready, live, failed or unknown; `moments` when
    each began.

    `still_live` is what is live meanwhile. `failure` is one sentence. `log_tail` is the end of the log, scrubbed for
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
    """How far a publish is. Watchers share one look at MIOSA each two seconds. Raises NotFound."""
    page = operations.get_operation(by=by, key=key, now=now)
    operation = Operation.objects.get(key=key)
    version_id = operation.result.get("version_id", "")
    deployment = _deployment(operation)
    version = _find_version(deployment, version_id)
    if deployment is not None and version_id and _is_unfinished(version, deployment, operation):
        _look(operation, deployment, version_id, now=now)
        deployment = _deployment(operation)
        version = _find_version(deployment, version_id)
    return _progress(page, operation, deployment, version, by=by, now=now)


def _progress(
    page: OperationPage,
    operation: Operation,
    deployment: Deployment | None,
    version: Version | None,
    *,
    by: Person,
    now: datetime,
) -> Progress:
    step = _step(page, deployment, version)
    customer = Customer.objects.get(pk=operation.customer_id)
    seen = version if summaries.may_see(version, customer, by=by) else None
    live = deployment.live_version if deployment else None
    tail, failure = "", ""
    if seen is not None and step == "building":
        tail = cache.get(f"progress-log:{seen.pk}", "")
        tail = tail if by.is_staff else logs.scrub(tail)
    elif seen is not None and deployment is not None and step in {"failed", "ready", "live"}:
        log = logs.read(seen, deployment, customer=customer, by=by, stage="", now=now)
        tail = log.text[-_TAIL:]
        if step == "failed":
            failure = logs.failure_sentence(log.text) or _("It failed; the log does not say why in a sentence.")
    goes_live = bool(operation.body.get("promote", True))
    is_done = step in {"live", "failed"} or (step == "ready" and not goes_live) or page.state in {"refused", "decided"}
    age = now - operation.asked_at
    return Progress(
        operation=page,
        step=step,
        moments=_moments(operation, version, deployment, step),
        started_at=operation.asked_at,
        is_done=is_done,
        goes_live=goes_live,
        version=summaries.version(seen, deployment) if seen and deployment else None,
        still_live=summaries.version(live, deployment)
        if deployment and live and summaries.may_see(live, customer, by=by) and step != "live"
        else None,
        failure=failure,
        log_tail=tail,
        poll_every_s=2 if age < timedelta(minutes=2) else 5 if age < timedelta(minutes=10) else 15,
    )


def _step(page: OperationPage, deployment: Deployment | None, version: Version | None) -> str:
    if page.state in {"refused", "decided"}:
        return "failed"
    if page.state in {"accepted", "sent"}:
        return "sending"
    if version is None or deployment is None:
        return "unknown" if page.state == "unknown" else "created"
    state = summaries.state_of(version, deployment)
    if version.state == "archived":
        return "live"
    return {State.LIVE: "live", State.FAILED: "failed", State.BUILDING: "building", State.CREATED: "created"}.get(
        state, "ready"
    )


def _moments(
    operation: Operation, version: Version | None, deployment: Deployment | None, step: str
) -> tuple[tuple[str, datetime], ...]:
    moments = [("sending", operation.asked_at)]
    if version is not None:
        moments.append(("created", version.created_at or version.first_seen_at))
        if version.promoted_at:
            moments.append(("live", version.promoted_at))
        elif step in {"ready", "failed"} and version.updated_at:
            moments.append((step, version.updated_at))
    return tuple(moments)


def _look(operation: Operation, deployment: Deployment, version_id: str, *, now: datetime) -> None:
    """One look for all watchers: the version, and the deployment once the version has left building."""
    scope = f"progress:{operation.pk}"
    row = freshness.get_freshness(scope)
    if row.read_at is not None and now - row.read_at < _POLL_EVERY:
        return
    with leases.take_lease(scope) as held:
        if held is None:
            return
        ask = upstream.client(Purpose.PROGRESS)
        try:
            told = ask.versions.get(deployment.miosa_id, version_id)
            taken = version_rows.upsert_versions(deployment, [told], now=timezone.now())
            if told.state not in {"created", "building"}:
                reading.remember(ask.deployments.get(deployment.miosa_id))
                deployment.refresh_from_db()
            live_pointer.update_live_pointer(deployment, changes=taken, now=timezone.now())
            reading.note_switch(operation, deployment, now=timezone.now())
            _read_log(deployment, version_id, ask)
        except (miosa.MiosaError, WrongTenant):
            # Watching goes on; the page shows how old what it knows is.
            logger.info("progress not read", extra={"operation": str(operation.key)})
        Freshness.objects.filter(pk=row.pk).update(read_at=now)


def _read_log(deployment: Deployment, version_id: str, ask: miosa.Client) -> None:
    """The end of a log that is being written, for all who watch."""
    version = _find_version(deployment, version_id)
    if (
        version is None
        or version.state != "building"
        or not cache.add(f"progress-log-read:{version.pk}", 1, _LOG_EVERY_S)
    ):
        return
    text = str(ask.versions.logs(deployment.miosa_id, version_id))
    cache.set(f"progress-log:{version.pk}", text[-_TAIL:], 60)


def _is_unfinished(version: Version | None, deployment: Deployment, operation: Operation) -> bool:
    if version is None or version.state in {"created", "building", ""}:
        return True
    waits = version.state == "ready" and bool(operation.body.get("promote", True))
    return waits and deployment.active_version_id != version.miosa_id and not version.was_live


def _deployment(operation: Operation) -> Deployment | None:
    return Deployment.objects.filter(miosa_id=reading.touched_id(operation)).select_related("live_version").first()


def _find_version(deployment: Deployment | None, version_id: str) -> Version | None:
    if deployment is None or not version_id:
        return None
    return Version.objects.filter(deployment=deployment, miosa_id=version_id).first()
