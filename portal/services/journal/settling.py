"""Finding out: an answer that was lost, a process that died, a pointer that has not moved yet."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Operation
from portal.services import connection
from portal.services.journal import beats, reading, sending
from portal.services.journal.accepting import MINUTE
from portal.services.journal.kinds import RULES, Kind

_REPEAT_AFTER = timedelta(seconds=2)
# Without keys the first request must have had its time before a second one is sent.
_REPEAT_AFTER_WITHOUT_KEYS = timedelta(seconds=5)
_FORGET_LOOKING_AFTER = timedelta(hours=24)


def step(operation: Operation, *, now: datetime) -> bool:
    """Take an operation one step further if it is due and nobody else carries it. True if something was tried."""
    if not is_due(operation, now=now) or not beats.claim(operation, now=now):
        return False
    try:
        with beats.beating(operation):
            _step(operation, now=now)
    finally:
        beats.release(operation)
    return True


def is_due(operation: Operation, *, now: datetime) -> bool:
    """Accepted and not begun by a living process, sent by a dead one, or to be looked into by now."""
    if operation.state in {Operation.State.ACCEPTED, Operation.State.SENT}:
        unclaimed = operation.state == Operation.State.ACCEPTED and not operation.runner
        return unclaimed or operation.beat_at is None or operation.beat_at < now - beats.DEAD_AFTER
    return operation.look_at is not None and operation.look_at <= now


def decide(operation: Operation, *, choice: str, by_name: str, now: datetime) -> None:
    """A person says what nobody else can know: `happened`, `did_not`, or `again` to look once more."""
    if choice == "again":
        Operation.objects.filter(pk=operation.pk, state=Operation.State.UNKNOWN).update(look_at=now)
        return
    Operation.objects.filter(pk=operation.pk, state=Operation.State.UNKNOWN).update(
        state=Operation.State.DECIDED, decision=choice, decided_by=by_name, settled_at=now, in_lane=False, look_at=None
    )


def _step(operation: Operation, *, now: datetime) -> None:
    if operation.state == Operation.State.ACCEPTED:
        if now - operation.asked_at > MINUTE:
            text = _("It could not be sent in time, so it was not sent at all. Nothing has changed.")
            sending.refuse(operation, code="too_late", for_people=text)
        else:
            sending.carry_out(operation)
    elif operation.state == Operation.State.SUCCEEDED:
        Operation.objects.filter(pk=operation.pk).update(look_at=None)
        reading.back(operation)
    else:
        _find_out(operation, now=now)


def _find_out(operation: Operation, *, now: datetime) -> None:
    """Look; repeat with the same key within the minute; else wait, or leave it to a person."""
    happened = reading.has_happened(operation)
    if happened:
        sending.succeed(operation, None, by_reading=True)
        return
    since = now - (operation.sent_at or operation.asked_at)
    if _may_repeat(operation, happened, since=since, now=now):
        sending.send(operation)
        return
    if happened is False and now - operation.asked_at > MINUTE and _is_certain(operation):
        text = _("It did not happen: we looked, and nothing has changed.")
        sending.refuse(operation, code="did_not_happen", for_people=text)
        return
    error = miosa.AnswerLost(operation.error_for_operators, sent=True)
    sending.leave_unknown(operation, error, look_at=_next_look(operation, happened, now=now) or now)
    if _next_look(operation, happened, now=now) is None:
        Operation.objects.filter(pk=operation.pk).update(look_at=None, in_lane=False)


def _may_repeat(operation: Operation, happened: bool | None, *, since: timedelta, now: datetime) -> bool:
    """Never later than a minute after the wish, never after something newer, never where a second one could act twice."""
    rule = RULES[Kind(operation.kind)]
    with_keys = settings.MIOSA.honours_idempotency
    if now - operation.asked_at > MINUTE or since < (_REPEAT_AFTER if with_keys else _REPEAT_AFTER_WITHOUT_KEYS):
        return False
    if not with_keys and not rule.repeatable:
        return False
    if rule.moves_pointer and happened is not False:
        return False
    newer = Operation.objects.filter(
        deployment_id=operation.deployment_id, lane=operation.lane, asked_at__gt=operation.asked_at
    )
    return not newer.exists()


def _is_certain(operation: Operation) -> bool:
    """Whether "it is not there" means "it will not come": what sets one thing, a minute later, can be seen to have failed."""
    return RULES[Kind(operation.kind)].repeatable


def _next_look(operation: Operation, happened: bool | None, *, now: datetime) -> datetime | None:
    """Each second at first, then every five; None where looking can't tell any more and a person has to say."""
    age = now - operation.asked_at
    if age > _FORGET_LOOKING_AFTER:
        return None
    if age > MINUTE and happened is not None and not _is_certain(operation):
        return None
    if age > MINUTE and happened is None and RULES[Kind(operation.kind)].moves_pointer and _was_answered():
        return None
    return timezone.now() + timedelta(seconds=1 if age < timedelta(seconds=20) else 5)


def _was_answered() -> bool:
    """MIOSA answers, and what it says does not settle it."""
    return connection.get().unreachable_since is None
