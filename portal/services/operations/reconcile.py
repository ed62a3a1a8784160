"""Find out: an answer that was lost, a process that died, an effect that does not show yet.

An unknown operation is looked for by reading; repeated with the same key within its minute if it was not done; refused
once it is certain that it will not happen; else a person is asked.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from portal.models import Operation
from portal.models.operations import is_due as is_moment_due
from portal.services.operations import execute, heartbeat, messages, read_back, timeline
from portal.services.operations.base import Detection, Kind, Refusal
from portal.services.operations.client import client_for
from portal.services.operations.kinds import get_kind

_REPEAT_AFTER = timedelta(seconds=2)
# Without idempotency keys the first request must have had its time before a second one is sent.
_REPEAT_AFTER_WITHOUT_KEYS = timedelta(seconds=5)
# MIOSA gets this much longer than we would have waited for its answer, before we say that it has not done it.
_GRACE = timedelta(seconds=2)
_ASK_A_PERSON_AFTER = timedelta(seconds=8)
_READ_BESIDE_A_PERSON_FOR = timedelta(minutes=5)
_READ_FOR = timedelta(hours=24)


def is_due(operation: Operation, *, now: datetime, is_ours: bool = False) -> bool:
    """Not begun, or left by a dead process, or its next read has come. `is_ours`: this process is its runner."""
    if operation.state in {Operation.State.ACCEPTED, Operation.State.SENT}:
        return is_ours or not operation.is_attended(now=now)
    return is_moment_due(operation.next_read_at, now=now)


def may_take_long(operation: Operation, *, now: datetime) -> bool:
    """Whether its next step may send a call for which MIOSA takes up to a minute."""
    is_open = operation.state in Operation.OPEN
    return is_open and get_kind(operation.kind).runs_in_worker and operation.is_sendable(now=now)


def step(operation: Operation, *, now: datetime) -> bool:
    """Take the operation one step further if it is due and no living process works on it. True if it was ours."""
    if not is_due(operation, now=now) or not heartbeat.claim(operation, now=now):
        return False
    try:
        with heartbeat.beating(operation):
            # When we claimed it, it may have been further than when it was found to be due.
            if is_due(operation, now=now, is_ours=True):
                _take_step(operation, now=now)
    finally:
        heartbeat.release(operation)
    return True


def settle_by_decision(operation: Operation, *, happened: bool, by_name: str, now: datetime) -> None:
    """A person says what nobody else can know. A process that is reading for it loses it."""
    unknown = Operation.objects.filter(pk=operation.pk, state=Operation.State.UNKNOWN)
    is_decided = unknown.update(
        state=Operation.State.DECIDED,
        decision="happened" if happened else "did_not",
        decided_by=by_name[:200],
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
        kind.forget_secrets(operation)
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
    """Never later than a minute after the request, nor after something newer, nor where two could act twice.

    What depends on the live version is not repeated where that can't be seen.
    """
    is_blind = seen is Detection.HIDDEN and not kind.depends_on_live(operation)
    if seen is not Detection.NOT_DONE and not is_blind:
        return False
    if not settings.MIOSA.honours_idempotency and not kind.is_repeatable:
        return False
    if not operation.in_lane or not operation.is_sendable(now=now) or _is_outdated(operation):
        return False
    return execute.is_still_owners(operation)


def _is_outdated(operation: Operation) -> bool:
    """Something newer was sent for that deployment, in any lane."""
    newer = Operation.objects.filter(deployment_id=operation.deployment_id, pk__gt=operation.pk, attempts__gt=0)
    return newer.exists()


def _is_certain(operation: Operation, kind: Kind, seen: Detection, *, now: datetime) -> bool:
    """Whether what reading does not show will not happen any more: a repeatable kind, after MIOSA has had its time."""
    if not kind.is_repeatable or seen not in {Detection.NOT_DONE, Detection.OVERTAKEN}:
        return False
    if _get_waited(operation, now=now) <= timedelta(seconds=kind.deadline_s) + _GRACE:
        return False
    is_repeated = seen is Detection.NOT_DONE and operation.is_sendable(now=now) and operation.in_lane
    return not is_repeated or _is_outdated(operation)


def _wait(operation: Operation, kind: Kind, seen: Detection, *, now: datetime) -> None:
    """Read again later. After a minute it leaves its lane; where reading shows nothing, a person is asked."""
    age = abs(now - operation.requested_at)
    is_in_vain = seen is not Detection.NO_ANSWER and _get_waited(operation, now=now) > _ASK_A_PERSON_AFTER
    will_settle = (kind.is_repeatable and seen is not Detection.HIDDEN) or _can_repeat(operation, kind, seen, now=now)
    asks_a_person = is_in_vain and not will_settle
    read_for = _READ_BESIDE_A_PERSON_FOR if asks_a_person else _READ_FOR
    columns = {} if operation.is_sendable(now=now) else {"in_lane": False}
    execute.record_unknown(
        operation,
        next_read_at=None if age > read_for else timezone.now() + _get_pause(kind, seen, age),
        error_code=Operation.NOT_FOUND_OUT if asks_a_person else operation.error_code,
        **columns,
    )


def _get_pause(kind: Kind, seen: Detection, age: timedelta) -> timedelta:
    """A slow kind is looked for at growing intervals, since reading costs requests; not while MIOSA does not answer."""
    if kind.runs_in_worker and seen is not Detection.NO_ANSWER:
        return min(max(timedelta(seconds=2), age / 6), timedelta(seconds=30))
    return timedelta(seconds=1 if age < timedelta(seconds=20) else 5)


def _get_waited(operation: Operation, *, now: datetime) -> timedelta:
    """Since it was sent. A moment in the future is from before a clock was set back: long ago, as far as is known."""
    return abs(now - (operation.sent_at or operation.requested_at))
