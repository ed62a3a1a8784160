"""Execute an operation: check just before sending, call MIOSA, record the outcome."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from portal import miosa
from portal.models import Deployment, Operation
from portal.permissions import Role
from portal.services import connection, durability
from portal.services.connection import WrongTenant
from portal.services.operations import heartbeat, messages, read_back, timeline
from portal.services.operations.base import Detection, Kind, Refusal, Response
from portal.services.operations.client import client_for, get_call_deadline_s
from portal.services.operations.kinds import get_kind
from portal.services.sync.upsert import customer_links

logger = logging.getLogger(__name__)

_DETECT_AFTER = timedelta(seconds=1)
# If this process dies before it has read back, another one does.
_READ_BACK_BY = timedelta(seconds=3)
# On a repeat these errors are about the request itself and carry no information about the first attempt.
_UNRELATED_ERRORS = (miosa.RateLimited, miosa.Unauthorized, miosa.Forbidden)
# Refusals that were concluded from reading; a later answer overrides them.
_FROM_READING = ("did_not_happen", "overtaken")


def execute(operation: Operation) -> None:
    """Check, send and record. This process is its runner. What MIOSA answers is in the row, never raised."""
    with heartbeat.keep_alive(operation):
        if check_before_sending(operation):
            send(operation)


def check_before_sending(operation: Operation) -> bool:
    """Read the deployment again, since MIOSA has no expected-version check. False if the operation ended here."""
    if operation.creates_deployment:
        return True
    kind, client = get_kind(operation.kind), client_for(operation)
    try:
        row = client.deployments.get(operation.deployment_id)
        deployment = _store(operation, kind, row, client)
        refusal = find_owner_conflict(operation, deployment) or kind.find_conflict(operation, row)
        if refusal is None:
            operation.result = {**operation.result, "before": kind.snapshot(operation, row, client)}
            return True
    except miosa.MiosaError as error:
        _record_error_refusal(operation, error, text=messages.explain_unsent(operation, error))
    except WrongTenant as error:
        refusal = Refusal(error.code, messages.wrong_tenant())
        record_refusal(operation, refusal, for_operators=str(error))
    else:
        record_refusal(operation, refusal)
    return False


def has_same_owner(operation: Operation) -> bool:
    """Whether its customer still owns the stored deployment. A deployment yet to be created has no other owner."""
    deployment = Deployment.objects.filter(miosa_id=operation.deployment_id).first()
    return deployment is None or find_owner_conflict(operation, deployment) is None


def find_owner_conflict(operation: Operation, deployment: Deployment) -> Refusal | None:
    """The customer has nothing on the deployment any more, or an owner requested it and it is shared (rule 1)."""
    if operation.customer_id not in customer_links.list_customer_ids(deployment):
        return Refusal("not_theirs", messages.not_owner())
    if deployment.is_shared and operation.person_role == Role.OWNER:
        return Refusal("shared", messages.shared())
    return None


def send(operation: Operation) -> None:
    """One attempt. Nothing is sent if the row has another runner, has left its lane, or is too old by now."""
    now = timezone.now()
    ours = Operation.objects.sendable(now=now).filter(
        pk=operation.pk, runner=operation.runner, state=operation.state, in_lane=True
    )
    if not ours.update(state=Operation.State.SENT, sent_at=now, attempts=F("attempts") + 1, result=operation.result):
        return
    operation.state, operation.sent_at = Operation.State.SENT, now
    operation.attempts += 1
    kind = get_kind(operation.kind)
    client = client_for(operation, deadline_s=get_call_deadline_s(operation, kind.deadline_s))
    try:
        response = kind.call(client, operation, key=operation.key.hex)
    except miosa.MiosaError as error:
        _record_error(operation, kind, error)
    else:
        record_success(operation, _read_response(operation, kind, response))


def record_success(operation: Operation, facts: dict[str, Any]) -> None:
    """MIOSA answered that it did it, or reading shows it. Then everything it touched is read again.

    A late answer counts even if another process works on the operation by now.
    """
    operation.result = {**operation.result, **facts}
    refused_by_reading = Q(state=Operation.State.REFUSED, error_code__in=_FROM_READING)
    _save_outcome(
        operation,
        Q(state__in=(Operation.State.SENT, Operation.State.UNKNOWN)) | refused_by_reading,
        state=Operation.State.SUCCEEDED,
        settled_at=timezone.now(),
        result=operation.result,
        upstream_request_id=operation.upstream_request_id,
        error_code="",
        error_for_people="",
        error_for_operators="",
        next_read_at=timezone.now() + _READ_BACK_BY,
        in_lane=False,
    )
    read_back.read_back(operation)


def record_refusal(operation: Operation, refusal: Refusal, *, for_operators: str = "") -> None:
    """It was not done and will not be sent again."""
    is_saved = _save_outcome(
        operation,
        _is_unchanged(operation),
        state=Operation.State.REFUSED,
        settled_at=timezone.now(),
        error_code=refusal.code,
        error_for_people=refusal.text,
        error_for_operators=for_operators,
        upstream_request_id=operation.upstream_request_id,
        next_read_at=None,
        in_lane=False,
    )
    if is_saved:
        get_kind(operation.kind).delete_secrets(operation)
        timeline.update_entry(operation)


def record_unknown(operation: Operation, *, next_read_at: datetime | None, **columns: Any) -> None:
    """The answer was lost, so the outcome is unknown until it is reconciled. `in_lane` may be cleared, never set."""
    is_saved = _save_outcome(
        operation,
        _is_unchanged(operation),
        state=Operation.State.UNKNOWN,
        upstream_request_id=operation.upstream_request_id,
        next_read_at=next_read_at,
        **columns,
    )
    if is_saved:
        timeline.update_entry(operation)


def _store(operation: Operation, kind: Kind, row: miosa.Deployment, client: miosa.Client) -> Deployment:
    """Raises WrongTenant, miosa.MiosaError."""
    live_id, seen = row.active_version_id or "", read_back.store_deployment(row)
    has_moved = kind.depends_on_live(operation) and live_id != operation.seen_live_id
    if has_moved or seen.pointer_moved or seen.owner_changed:
        unknown_version = live_id if has_moved else ""
        read_back.update_live_version(seen.deployment, version_id=unknown_version, client=client)
    return seen.deployment


def _read_response(operation: Operation, kind: Kind, response: Response) -> dict[str, Any]:
    operation.upstream_request_id = response.request_id or operation.upstream_request_id
    facts = {"replayed": response.replayed, **kind.read_response(operation, response)}
    if operation.creates_deployment:
        # Only a created deployment has another id than the request named.
        facts["deployment_id"] = response.deployment_id
    return {name: value for name, value in facts.items() if value}


def _record_error(operation: Operation, kind: Kind, error: miosa.MiosaError) -> None:
    """Refused if MIOSA can't have done it, else unknown."""
    may_have_acted = error.sent
    text = messages.explain_error(operation, error, kind.explain_refusal(operation, error))
    if not may_have_acted and operation.attempts == 1:
        _record_error_refusal(operation, error, text=text)
        return
    if not may_have_acted and _is_about_first_attempt(operation, kind, error):
        seen = kind.detect(operation, client_for(operation))
        if seen is Detection.DONE:
            record_success(operation, {"by_reading": True})
            return
        if seen is not Detection.NO_ANSWER:
            _record_error_refusal(operation, error, text=text)
            return
    operation.upstream_request_id = error.request_id or operation.upstream_request_id
    record_unknown(
        operation,
        next_read_at=timezone.now() + _DETECT_AFTER,
        error_code=error.code,
        error_for_operators=messages.for_operators(error),
    )


def _is_about_first_attempt(operation: Operation, kind: Kind, error: miosa.MiosaError) -> bool:
    """Whether a refused repeat means that the first attempt was refused as well, or never arrived.

    A conflict may mean that the first one is still being executed, for as long as that may take. It may also mean that
    half a request arrived from a process that was killed, and MIOSA has reserved its key.
    """
    if not isinstance(error, miosa.Refused) or error.from_gateway or isinstance(error, _UNRELATED_ERRORS):
        return False
    longest = timedelta(seconds=kind.deadline_s)
    return not isinstance(error, miosa.Conflict) or timezone.now() - operation.requested_at > longest


def _record_error_refusal(operation: Operation, error: miosa.MiosaError, *, text: str) -> None:
    operation.upstream_request_id = error.request_id or ""
    logger.warning("operation refused", extra={"operation": str(operation.key), "reason": error.for_log})
    if isinstance(error, miosa.Unauthorized | miosa.Forbidden):
        connection.raise_alarm("key_refused", messages.for_operators(error))
    record_refusal(operation, Refusal(error.code, text), for_operators=messages.for_operators(error))


def _is_unchanged(operation: Operation) -> Q:
    return Q(runner=operation.runner, attempts=operation.attempts, state=operation.state)


def _save_outcome(operation: Operation, condition: Q, **columns: Any) -> bool:
    """Save the columns if the row still meets the condition; else reload the row and return False."""
    with durability.lock_wait(durability.OUTCOME_WAIT_MS, at_least=True):
        is_saved = bool(Operation.objects.filter(condition, pk=operation.pk).update(**columns))
    if is_saved:
        for name, value in columns.items():
            setattr(operation, name, value)
        return True
    logger.warning("operation updated by another process", extra={"operation": str(operation.key)})
    runner = operation.runner
    operation.refresh_from_db()
    operation.runner = runner
    return False
