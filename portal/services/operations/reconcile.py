"""Reconcile operations with MIOSA: after a lost answer, a dead process, or until an effect shows.

For an unknown operation MIOSA is read. If it was not done, it is repeated with the same key within a minute of the
request, or refused once it can't happen any more. If reading shows nothing, a person decides.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from portal.models import Operation
from portal.models.operations import is_moment_due
from portal.permissions import Person
from portal.services.operations import execute, heartbeat, messages, read_back, timeline
from portal.services.operations.base import Detection, Kind, Refusal
from portal.services.operations.client import client_for
from portal.services.operations.kinds import get_kind

_REPEAT_AFTER = timedelta(seconds=2)
# Without idempotency keys the first request must have had its time before a second one is sent.
_REPEAT_AFTER_WITHOUT_KEYS = timedelta(seconds=5)
# MIOSA gets this much longer than the call's deadline, before an operation counts as not done.
_GRACE = timedelta(seconds=2)
_DECISION_AFTER = timedelta(seconds=8)
_READ_UNDECIDED_FOR = timedelta(minutes=5)
_READ_FOR = timedelta(hours=24)


def is_due(operation: Operation, *, now: datetime, is_ours: bool = False) -> bool:
    """Not started, left by a dead process, or its next read is due. `is_ours`: this process is its runner."""
    if operation.state in {Operation.State.ACCEPTED, Operation.State.SENT}:
        return is_ours or not operation.is_attended(now=now)
    return is_moment_due(operation.next_read_at, now=now)


def may_take_long(operation: Operation, *, now: datetime) -> bool:
    """Whether its next step may send a call for which MIOSA takes up to a minute."""
    is_open = operation.state in Operation.OPEN
    return is_open and get_kind(operation.kind).runs_in_worker and operation.is_sendable(now=now)


def step(operation: Operation, *, now: datetime) -> bool:
    """Advance the operation if it is due and no living process works on it. True if this process claimed it."""
    if not is_due(operation, now=now) or not heartbeat.claim(operation, now=now):
        return False
    try:
        with heartbeat.keep_alive(operation):
            # Another process may have advanced it between the query and the claim.
            if is_due(operation, now=now, is_ours=True):
                _take_step(operation, now=now)
    finally:
        heartbeat.release(operation)
    return True


def record_decision(operation: Operation, *, happened: bool, by: Person, now: datetime) -> None:
    """A person decided an unknown outcome. A process that works on it at the moment loses its claim."""
    role = by.role_at(operation.customer_id)
    unknown = Operation.objects.filter(pk=operation.pk, state=Operation.State.UNKNOWN)
    is_decided = unknown.update(
        state=Operation.State.DECIDED,
        decision="happened" if happened else "did_not",
        decided_by=by.name[:200],
        decided_by_role=role.value if role else "",
        settled_at=now,
        in_lane=False,
        next_read_at=None,
        runner="",
    )
    if not is_decided:
        return
    operation.refresh_from_db()
    kind = get_kind(operation.kind)
    if happened:
        kind.conclude(operation)
    else:
        kind.delete_secrets(operation)
    timeline.update_entry(operation)


def _take_step(operation: Operation, *, now: datetime) -> None:
    if operation.state == Operation.State.ACCEPTED:
        if not operation.is_sendable(now=now):
            execute.record_refusal(operation, Refusal("too_late", messages.too_late()))
        elif execute.check_before_sending(operation):
            execute.send(operation)
    elif operation.state == Operation.State.SUCCEEDED:
        read_back.read_back(operation)
    elif operation.state in {Operation.State.SENT, Operation.State.UNKNOWN}:
        _find_out(operation, now=now)


def _find_out(operation: Operation, *, now: datetime) -> None:
    kind = get_kind(operation.kind)
    seen = kind.detect(operation, client_for(operation))
    if seen is Detection.DONE:
        execute.record_success(operation, {"by_reading": True})
    elif _should_repeat(operation, kind, seen, now=now):
        execute.send(operation)
    elif not _is_certain(operation, kind, seen, now=now):
        _wait(operation, kind, seen, now=now)
    elif seen is Detection.OVERTAKEN:
        execute.record_refusal(operation, Refusal("overtaken", messages.overtaken()))
    else:
        execute.record_refusal(operation, Refusal("did_not_happen", messages.did_not_happen()))


def _should_repeat(operation: Operation, kind: Kind, seen: Detection, *, now: datetime) -> bool:
    """`execute.send` makes sure at the very moment that the operation is in its lane and not older than a minute."""
    with_keys = settings.MIOSA.honours_idempotency
    pause = min(operation.attempts, 3) * _REPEAT_AFTER if with_keys else _REPEAT_AFTER_WITHOUT_KEYS
    return _get_waited(operation, now=now) >= pause and _can_repeat(operation, kind, seen, now=now)


def _can_repeat(operation: Operation, kind: Kind, seen: Detection, *, now: datetime) -> bool:
    """Never more than a minute after the request, after a newer operation, or where a repeat could act twice.

    What depends on the live version is not repeated where the live version can't be read.
    """
    is_blind = seen is Detection.HIDDEN and not kind.depends_on_live(operation)
    if seen is not Detection.NOT_DONE and not is_blind:
        return False
    if not settings.MIOSA.honours_idempotency and not kind.is_idempotent:
        return False
    if not operation.in_lane or not operation.is_sendable(now=now) or _is_outdated(operation):
        return False
    return execute.has_same_owner(operation)


def _is_outdated(operation: Operation) -> bool:
    """A newer operation was sent for the deployment, in any lane."""
    newer = Operation.objects.filter(deployment_id=operation.deployment_id, pk__gt=operation.pk, attempts__gt=0)
    return newer.exists()


def _is_certain(operation: Operation, kind: Kind, seen: Detection, *, now: datetime) -> bool:
    """Whether an effect that does not show can't happen any more: a repeatable kind, after the call's deadline."""
    if not kind.is_idempotent or seen not in {Detection.NOT_DONE, Detection.OVERTAKEN}:
        return False
    if _get_waited(operation, now=now) <= timedelta(seconds=kind.deadline_s) + _GRACE:
        return False
    is_repeated = seen is Detection.NOT_DONE and operation.is_sendable(now=now) and operation.in_lane
    return not is_repeated or _is_outdated(operation)


def _wait(operation: Operation, kind: Kind, seen: Detection, *, now: datetime) -> None:
    """Schedule the next read. After a minute it leaves its lane; if reading shows nothing, a person has to decide."""
    age = abs(now - operation.requested_at)
    is_in_vain = seen is not Detection.NO_ANSWER and _get_waited(operation, now=now) > _DECISION_AFTER
    will_settle = (kind.is_idempotent and seen is not Detection.HIDDEN) or _can_repeat(operation, kind, seen, now=now)
    needs_decision = is_in_vain and not will_settle
    read_for = _READ_UNDECIDED_FOR if needs_decision else _READ_FOR
    columns = {} if operation.is_sendable(now=now) else {"in_lane": False}
    execute.record_unknown(
        operation,
        next_read_at=None if age > read_for else timezone.now() + _get_pause(kind, seen, age),
        error_code=Operation.NOT_FOUND_OUT if needs_decision else operation.error_code,
        **columns,
    )


def _get_pause(kind: Kind, seen: Detection, age: timedelta) -> timedelta:
    """A slow kind is read at growing intervals to save requests, but often while MIOSA does not answer."""
    if kind.runs_in_worker and seen is not Detection.NO_ANSWER:
        return min(max(timedelta(seconds=2), age / 6), timedelta(seconds=30))
    return timedelta(seconds=1 if age < timedelta(seconds=20) else 5)


def _get_waited(operation: Operation, *, now: datetime) -> timedelta:
    """The time since it was sent. A moment in the future was written before a clock was set back."""
    return abs(now - (operation.sent_at or operation.requested_at))
