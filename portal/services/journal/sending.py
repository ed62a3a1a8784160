"""Carrying an operation out: a look just before, the call, and what came back."""

import logging
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Operation, Version
from portal.services import connection
from portal.services.journal import aftermath, beats, calls, reading, refusals
from portal.services.journal.kinds import RULES, Kind

logger = logging.getLogger(__name__)
_LOOK_SOON = timedelta(seconds=1)


def carry_out(operation: Operation) -> None:
    """Look, send, and note the end. The operation is ours (`runner`); nothing is raised, everything is in the row."""
    with beats.beating(operation):
        if operation.state == Operation.State.ACCEPTED and not _may_go_out(operation):
            return
        send(operation)


def send(operation: Operation) -> None:
    """One attempt. A row that is not ours any more is left alone."""
    now = timezone.now()
    first = operation.attempts == 0
    ours = Operation.objects.filter(pk=operation.pk, runner=operation.runner, state=operation.state)
    if not ours.update(state=Operation.State.SENT, sent_at=now, attempts=F("attempts") + 1):
        return
    operation.state, operation.sent_at = Operation.State.SENT, now
    operation.attempts += 1
    try:
        answer = calls.make(operation)
    except miosa.MiosaError as error:
        _note_error(operation, error, first=first)
        return
    succeed(operation, answer)


def succeed(operation: Operation, answer: calls.Answer | None, *, by_reading: bool = False) -> None:
    """MIOSA did it (or has done it, as reading showed). Then everything touched is read again."""
    now = timezone.now()
    result = dict(operation.result)
    if answer is not None:
        told: dict[str, object] = {"deployment_id": answer.deployment_id, "replayed": answer.replayed or None}
        if isinstance(answer, miosa.Published):
            told |= {"version_id": answer.version_id, "version_number": answer.version_number}
        result |= {name: value for name, value in told.items() if value}
        operation.upstream_request_id = answer.request_id or operation.upstream_request_id
    if by_reading:
        result["by_reading"] = True
    operation.result = result
    operation.state, operation.settled_at, operation.in_lane = Operation.State.SUCCEEDED, now, False
    operation.error_code = operation.error_for_people = operation.error_for_operators = ""
    operation.look_at = None
    write(operation)
    reading.back(operation)


def refuse(operation: Operation, *, code: str, for_people: str, for_operators: str = "") -> None:
    operation.state, operation.settled_at, operation.in_lane = Operation.State.REFUSED, timezone.now(), False
    operation.error_code, operation.error_for_people = code, for_people
    operation.error_for_operators = for_operators
    operation.look_at = None
    write(operation)
    aftermath.forget_secrets(operation)
    reading.file(operation)


def leave_unknown(operation: Operation, error: miosa.MiosaError, *, look_at: datetime) -> None:
    """The answer was lost: not failed, unknown, and to be looked into."""
    operation.state, operation.look_at = Operation.State.UNKNOWN, look_at
    operation.error_code, operation.error_for_operators = error.code, refusals.for_operators(error)
    operation.upstream_request_id = error.request_id or operation.upstream_request_id
    write(operation)
    reading.file(operation)


def write(operation: Operation) -> None:
    """Save what this process knows and let go, if the row is still ours."""
    fields = (
        *("state", "settled_at", "in_lane", "result", "upstream_request_id", "error_code", "error_for_people"),
        *("error_for_operators", "look_at", "switched_at", "check_due_at"),
    )
    values = {name: getattr(operation, name) for name in fields}
    Operation.objects.filter(pk=operation.pk, runner=operation.runner).update(**values)


def _may_go_out(operation: Operation) -> bool:
    """Read the deployment once more; best effort, since MIOSA has no expected-version check."""
    if operation.kind in {Kind.CREATE} or operation.deployment_id.startswith("new:"):
        return True
    try:
        row = calls.client(operation).deployments.get(operation.deployment_id)
    except miosa.MiosaError as error:
        text = refusals.for_people(operation, error)
        refuse(operation, code=error.code, for_people=text, for_operators=refusals.for_operators(error))
        return False
    if not RULES[Kind(operation.kind)].moves_pointer or not is_production(operation):
        return True
    live = row.active_version_id or ""
    if live == operation.target_id:
        refuse(operation, code="already_live", for_people=_("This version is live already. Nothing was sent."))
        reading.remember(operation, row)
        return False
    if live != operation.seen_live_id:
        refuse(operation, code="live_changed", for_people=_changed_text(operation, live))
        reading.remember(operation, row)
        return False
    return True


def is_production(operation: Operation) -> bool:
    """Only the first environment has a live pointer that MIOSA tells of (design.md 3)."""
    return operation.environment in {"", "production"}


def _changed_text(operation: Operation, live: str) -> str:
    version = Version.objects.filter(deployment__miosa_id=operation.deployment_id, miosa_id=live).first()
    own = version is not None and version.customer_id == operation.customer_id
    now_live = f"#{version.number}" if own and version is not None else _("another version")
    seen = f"#{operation.seen_live_number}" if operation.seen_live_number is not None else _("another version")
    text = _("While you were looking at %(seen)s, %(live)s went live. Nothing was sent. Look again, then decide.")
    return text % {"seen": seen, "live": now_live}


def _note_error(operation: Operation, error: miosa.MiosaError, *, first: bool) -> None:
    in_flight = isinstance(error, miosa.Conflict) and (error.in_flight or error.key_mismatch)
    now = timezone.now()
    if error.sent or in_flight or (not first and isinstance(error, miosa.Outage | miosa.BudgetSpent)):
        leave_unknown(operation, error, look_at=now + _LOOK_SOON)
        return
    if not first and isinstance(error, miosa.Refused) and reading.has_happened(operation):
        succeed(operation, None, by_reading=True)
        return
    operation.upstream_request_id = error.request_id or ""
    logger.warning("operation refused", extra={"operation": str(operation.key), "reason": error.for_log})
    if isinstance(error, miosa.Unauthorized | miosa.Forbidden):
        connection.raise_alarm("key_refused", refusals.for_operators(error))
    text = refusals.for_people(operation, error)
    refuse(operation, code=error.code, for_people=text, for_operators=refusals.for_operators(error))
