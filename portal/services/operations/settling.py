"""Finding out: an answer that was lost, a process that died, a pointer that has not moved yet."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from portal.models import Operation
from portal.services.operations import accepting, aftermath, beats, due, evidence, reading, refusals, sending
from portal.services.operations.evidence import Evidence
from portal.services.operations.kinds import RULES, Kind
from portal.wakeup import notify_worker

# Said of an unknown one that was looked for in vain and can't be sent again: a person has to say what happened.
NOT_SEEN = "not_seen"

_REPEAT_AFTER = timedelta(seconds=2)
# Without keys the first request must have had its time before a second one is sent.
_REPEAT_AFTER_WITHOUT_KEYS = timedelta(seconds=5)
# MIOSA gets this much longer than we would have waited for its answer, before we say that it has not done it.
_GRACE = timedelta(seconds=2)
_ASK_AFTER = timedelta(seconds=8)
_LOOKS_BESIDE_A_PERSON = timedelta(minutes=5)
_FORGET_LOOKING_AFTER = timedelta(hours=24)


def step(operation: Operation, *, now: datetime) -> bool:
    """Take an operation one step further if it is due and nobody else carries it. True if something was tried."""
    if not is_due(operation, now=now) or not beats.claim(operation, now=now):
        return False
    try:
        with beats.beating(operation):
            # As it was claimed it may be further than it was when it was found to be due.
            if is_due(operation, now=now, is_ours=True):
                _step(operation, now=now)
    finally:
        beats.release(operation)
    return True


def is_due(operation: Operation, *, now: datetime, is_ours: bool = False) -> bool:
    """Not begun by a living process, or sent by one that is dead, or to be looked into by now."""
    if operation.state in {Operation.State.ACCEPTED, Operation.State.SENT}:
        return is_ours or not beats.is_carried(operation, now=now)
    return due.is_due(operation.look_at, now=now)


def may_take_long(operation: Operation, *, now: datetime) -> bool:
    """Whether its next step may send what MIOSA takes up to a minute for."""
    is_settled = operation.state not in {Operation.State.ACCEPTED, Operation.State.SENT, Operation.State.UNKNOWN}
    return not is_settled and RULES[Kind(operation.kind)].slow and accepting.is_young(operation, now=now)


def needs_decision(operation: Operation) -> bool:
    """Nobody can know by looking; a person has to say. Looking may go on meanwhile."""
    return operation.state == Operation.State.UNKNOWN and (
        operation.look_at is None or operation.error_code == NOT_SEEN
    )


def decide(operation: Operation, *, choice: str, by_name: str, now: datetime) -> None:
    """A person says what nobody else can know: `happened`, `did_not`, or `again` to look once more.

    Whoever is looking into it at this moment has it no longer.
    """
    unknown = Operation.objects.filter(pk=operation.pk, state=Operation.State.UNKNOWN)
    if choice == "again":
        unknown.update(look_at=now)
        notify_worker()
        return
    done = unknown.update(
        state=Operation.State.DECIDED,
        decision=choice,
        decided_by=by_name[:200],
        settled_at=now,
        in_lane=False,
        look_at=None,
        runner="",
    )
    if done:
        operation.refresh_from_db()
        if choice == "happened":
            aftermath.conclude(operation)
        else:
            aftermath.forget_secrets(operation)
        reading.file(operation)


def _step(operation: Operation, *, now: datetime) -> None:
    if operation.state == Operation.State.ACCEPTED:
        if accepting.is_young(operation, now=now):
            sending.carry_out(operation)
        else:
            text = accepting.too_late()["error_for_people"]
            sending.refuse(operation, code="too_late", for_people=text)
    elif operation.state == Operation.State.SUCCEEDED:
        reading.back(operation)
    elif operation.state in {Operation.State.SENT, Operation.State.UNKNOWN}:
        _find_out(operation, now=now)


def _find_out(operation: Operation, *, now: datetime) -> None:
    """Look; repeat with the same key within the minute; else wait, or leave it to a person."""
    seen = evidence.look(operation)
    if seen is Evidence.HAPPENED:
        sending.succeed(operation, None, by_reading=True)
    elif _may_repeat(operation, seen, now=now):
        sending.send(operation)
    elif _is_certain(operation, seen, now=now):
        if seen is Evidence.OVERTAKEN:
            sending.refuse(operation, code="overtaken", for_people=refusals.overtaken())
        else:
            sending.refuse(operation, code="did_not_happen", for_people=refusals.did_not_happen())
    else:
        _wait(operation, seen, now=now)


def _may_repeat(operation: Operation, seen: Evidence, *, now: datetime) -> bool:
    """Never later than a minute after the wish, never after something newer, never where a second one could act twice.

    Only what is in its lane can be sent: `sending.send` holds to that, at the very moment.
    """
    with_keys = settings.MIOSA.honours_idempotency
    pause = min(operation.attempts, 3) * _REPEAT_AFTER if with_keys else _REPEAT_AFTER_WITHOUT_KEYS
    return _waited(operation, now=now) >= pause and _can_repeat(operation, seen, now=now)


def _can_repeat(operation: Operation, seen: Evidence, *, now: datetime) -> bool:
    """Where it minds what is live, nobody may send it who can't see that."""
    if seen is not Evidence.ABSENT and (seen is not Evidence.BLIND or sending.minds_live(operation)):
        return False
    if not settings.MIOSA.honours_idempotency and not RULES[Kind(operation.kind)].repeatable:
        return False
    is_late = not operation.in_lane or not accepting.is_young(operation, now=now) or _is_outdone(operation)
    return not is_late and sending.is_theirs(operation)


def _is_outdone(operation: Operation) -> bool:
    """Something newer was asked for on that deployment, in whatever lane."""
    newer = Operation.objects.filter(deployment_id=operation.deployment_id, pk__gt=operation.pk, attempts__gt=0)
    return newer.exists()


def _is_certain(operation: Operation, seen: Evidence, *, now: datetime) -> bool:
    """Whether "it is not there" means that it will not come: what sets one thing, after its time, has failed to."""
    rule = RULES[Kind(operation.kind)]
    had_its_time = _waited(operation, now=now) > timedelta(seconds=rule.deadline_s) + _GRACE
    will_be_repeated = seen is Evidence.ABSENT and accepting.is_young(operation, now=now) and operation.in_lane
    is_there = seen in {Evidence.ABSENT, Evidence.OVERTAKEN}
    return is_there and rule.repeatable and had_its_time and not (will_be_repeated and not _is_outdone(operation))


def _wait(operation: Operation, seen: Evidence, *, now: datetime) -> None:
    """Look again later. After a minute it holds its lane no longer; where looking was in vain, a person is asked."""
    age = abs(now - operation.asked_at)
    in_vain = seen is not Evidence.UNANSWERED and _waited(operation, now=now) > _ASK_AFTER
    asks = in_vain and not _will_be_settled(operation, seen, now=now)
    longest = _LOOKS_BESIDE_A_PERSON if asks else _FORGET_LOOKING_AFTER
    sending.leave_unknown(
        operation,
        look_at=None if age > longest else timezone.now() + _pause(operation, seen, age),
        code=NOT_SEEN if asks else "",
        in_lane=accepting.is_young(operation, now=now),
    )


def _will_be_settled(operation: Operation, seen: Evidence, *, now: datetime) -> bool:
    """By itself, with time: by a repeat within the minute, or since it is certain then that it did not happen."""
    rule = RULES[Kind(operation.kind)]
    return (rule.repeatable and seen is not Evidence.BLIND) or _can_repeat(operation, seen, now=now)


def _pause(operation: Operation, seen: Evidence, age: timedelta) -> timedelta:
    """What takes long is looked for ever more seldom, since a look costs requests; not so while nobody answers."""
    if RULES[Kind(operation.kind)].slow and seen is not Evidence.UNANSWERED:
        return min(max(timedelta(seconds=2), age / 6), timedelta(seconds=30))
    return timedelta(seconds=1 if age < timedelta(seconds=20) else 5)


def _waited(operation: Operation, *, now: datetime) -> timedelta:
    """Since it was sent. A moment to come is from before a clock was set back: long ago, as far as anybody knows."""
    return abs(now - (operation.sent_at or operation.asked_at))
