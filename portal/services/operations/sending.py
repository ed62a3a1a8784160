"""Carrying an operation out: a look just before, the call, and what came back."""

import logging
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from portal import miosa
from portal.models import Deployment, Operation
from portal.permissions import Role
from portal.services import connection
from portal.services.connection import WrongTenant
from portal.services.operations import accepting, aftermath, beats, calls, evidence, reading, refusals
from portal.services.operations.evidence import Evidence
from portal.services.operations.kinds import RULES, Kind, is_main
from portal.services.sync.upsert import customer_links

logger = logging.getLogger(__name__)
_LOOK_SOON = timedelta(seconds=1)
_READ_BACK_BY = timedelta(seconds=3)
_UNSETTLED = (Operation.State.SENT, Operation.State.UNKNOWN)
# What these say of a repeat, they say of the asking and not of what became of the first attempt.
_SAYS_NOTHING = (miosa.RateLimited, miosa.Unauthorized, miosa.Forbidden)


def carry_out(operation: Operation) -> None:
    """Look, send, and note the end.

    The operation is ours (`runner`); what MIOSA says is not raised, it is in the row.
    """
    with beats.beating(operation):
        if _may_go_out(operation):
            send(operation)


def send(operation: Operation) -> None:
    """One attempt. A row that is not ours any more, has left its lane, or is too old by now, is left alone."""
    now = timezone.now()
    ours = Operation.objects.filter(pk=operation.pk, runner=operation.runner, state=operation.state, in_lane=True)
    ours = ours.filter(accepting.young(now))
    if not ours.update(state=Operation.State.SENT, sent_at=now, attempts=F("attempts") + 1, result=operation.result):
        return
    operation.state, operation.sent_at = Operation.State.SENT, now
    operation.attempts += 1
    try:
        answer = calls.make(operation)
    except miosa.MiosaError as error:
        _note_error(operation, error)
        return
    succeed(operation, answer)


def succeed(operation: Operation, answer: calls.Answer | None, *, by_reading: bool = False) -> None:
    """MIOSA did it, or has done it, as reading showed. Then everything touched is read again.

    An answer stays true even if it came so late that somebody else looks after the operation by now.
    """
    result = dict(operation.result)
    if answer is not None:
        told: dict[str, object] = {"replayed": answer.replayed or None}
        if operation.deployment_id.startswith("new:"):
            # Only what was made has another id than the one it was asked for.
            told["deployment_id"] = answer.deployment_id
        if isinstance(answer, miosa.Published):
            told |= {"version_id": answer.version_id, "version_number": answer.version_number}
        elif operation.kind == Kind.REDEPLOY and answer.build is not None:
            told["build_id"] = answer.build.id
        result |= {name: value for name, value in told.items() if value}
        operation.upstream_request_id = answer.request_id or operation.upstream_request_id
    if by_reading:
        result["by_reading"] = True
    operation.result = result
    now = timezone.now()
    looked_for = Q(state=Operation.State.REFUSED, error_code__in=["did_not_happen", "overtaken"])
    _write(
        operation,
        Q(state__in=_UNSETTLED) | looked_for,
        state=Operation.State.SUCCEEDED,
        settled_at=now,
        result=result,
        upstream_request_id=operation.upstream_request_id,
        error_code="",
        error_for_people="",
        error_for_operators="",
        # If this process dies before it has read back, another one does.
        look_at=now + _READ_BACK_BY,
        in_lane=False,
    )
    reading.back(operation)


def refuse(operation: Operation, *, code: str, for_people: str, for_operators: str = "") -> None:
    done = _write(
        operation,
        Q(runner=operation.runner, attempts=operation.attempts),
        Q(state=operation.state),
        state=Operation.State.REFUSED,
        settled_at=timezone.now(),
        error_code=code,
        error_for_people=for_people,
        error_for_operators=for_operators,
        upstream_request_id=operation.upstream_request_id,
        look_at=None,
        in_lane=False,
    )
    if done:
        aftermath.forget_secrets(operation)
        reading.file(operation)


def leave_unknown(
    operation: Operation, *, look_at: datetime | None, code: str = "", for_operators: str = "", in_lane: bool = True
) -> None:
    """The answer was lost: not failed, unknown, and to be looked into.

    Once out of its lane it never comes back into it.
    """
    facts: dict[str, object] = {} if in_lane else {"in_lane": False}
    if for_operators:
        facts["error_for_operators"] = for_operators
    done = _write(
        operation,
        Q(runner=operation.runner, attempts=operation.attempts),
        Q(state=operation.state),
        state=Operation.State.UNKNOWN,
        error_code=code or operation.error_code,
        upstream_request_id=operation.upstream_request_id,
        look_at=look_at,
        **facts,
    )
    if done:
        reading.file(operation)


def _write(operation: Operation, *conditions: Q, **values: object) -> bool:
    """Save what this process knows, if it still counts; else take over what counts by now."""
    done = Operation.objects.filter(*conditions, pk=operation.pk).update(**values)
    if not done:
        logger.warning("operation settled elsewhere", extra={"operation": str(operation.key)})
        runner = operation.runner
        operation.refresh_from_db()
        operation.runner = runner
        return False
    for name, value in values.items():
        setattr(operation, name, value)
    return True


def _may_go_out(operation: Operation) -> bool:
    """Read the deployment once more; best effort, since MIOSA has no expected-version check."""
    if operation.deployment_id.startswith("new:"):
        return True
    ask = calls.client(operation)
    try:
        row = ask.deployments.get(operation.deployment_id)
        deployment = _take_over(operation, row, ask)
        code, text = _whose(operation, deployment) or _what_moved(operation, row) or ("", "")
        if not code:
            operation.result = {**operation.result, "before": evidence.before(operation, row, ask)}
            return True
    except miosa.MiosaError as error:
        refuse_for(operation, error, unsent=True)
    except WrongTenant as error:
        refuse(operation, code=error.code, for_people=refusals.elsewhere(), for_operators=str(error))
    else:
        refuse(operation, code=code, for_people=text)
    return False


def _take_over(operation: Operation, row: miosa.Deployment, ask: miosa.Client) -> Deployment:
    """Raises WrongTenant, miosa.MiosaError."""
    live, seen = row.active_version_id or "", reading.take_over(row)
    has_moved = minds_live(operation) and live != operation.seen_live_id
    if has_moved or seen.pointer_moved or seen.owner_changed:
        reading.settle(seen.deployment, version_id=live if has_moved else "", ask=ask)
    return seen.deployment


def is_theirs(operation: Operation) -> bool:
    """Whether it may still go out for who asked, as far as is remembered; an app to be made is nobody else's."""
    deployment = Deployment.objects.filter(miosa_id=operation.deployment_id).first()
    return deployment is None or _whose(operation, deployment) is None


def _whose(operation: Operation, deployment: Deployment) -> tuple[str, str] | None:
    """Why not, if it is not the customer's any more, or by now not its alone and its own people asked (rule 1)."""
    if operation.customer_id not in customer_links.list_customer_ids(deployment):
        return "not_theirs", refusals.not_theirs()
    if deployment.is_shared and operation.person_role == Role.OWNER:
        return "shared", refusals.shared()
    return None


def _what_moved(operation: Operation, row: miosa.Deployment) -> tuple[str, str] | None:
    live = row.active_version_id or ""
    if not minds_live(operation):
        return None
    if operation.target_id and live == operation.target_id:
        return "already_live", refusals.already_live()
    if live != operation.seen_live_id:
        return "live_changed", refusals.live_changed(operation, live)
    return None


def minds_live(operation: Operation) -> bool:
    """Whether it must not go out if something else went live since the person looked.

    A staged publish changes nothing.
    """
    is_staged = operation.kind == Kind.PUBLISH and operation.body.get("promote") is False
    return RULES[Kind(operation.kind)].minds_live and is_main(operation.environment) and not is_staged


def refuse_for(operation: Operation, error: miosa.MiosaError, *, unsent: bool = False) -> None:
    """`unsent`: it was refused while being looked at, so nothing that changes anything had been sent."""
    operation.upstream_request_id = error.request_id or ""
    logger.warning("operation refused", extra={"operation": str(operation.key), "reason": error.for_log})
    if isinstance(error, miosa.Unauthorized | miosa.Forbidden):
        connection.raise_alarm("key_refused", refusals.for_operators(error))
    text = refusals.for_people(operation, error, unsent=unsent)
    refuse(operation, code=error.code, for_people=text, for_operators=refusals.for_operators(error))


def _note_error(operation: Operation, error: miosa.MiosaError) -> None:
    if not _may_have_acted(error):
        if operation.attempts == 1:
            refuse_for(operation, error)
            return
        if _is_final(operation, error):
            seen = evidence.look(operation)
            if seen is Evidence.HAPPENED:
                succeed(operation, None, by_reading=True)
                return
            if seen is not Evidence.UNANSWERED:
                refuse_for(operation, error)
                return
    operation.upstream_request_id = error.request_id or operation.upstream_request_id
    leave_unknown(
        operation,
        look_at=timezone.now() + _LOOK_SOON,
        code=error.code,
        for_operators=refusals.for_operators(error),
    )


def _may_have_acted(error: miosa.MiosaError) -> bool:
    return error.sent or (isinstance(error, miosa.Conflict) and error.in_flight)


def _is_final(operation: Operation, error: miosa.MiosaError) -> bool:
    """Whether a refused repeat tells that the first attempt was refused as well, or never arrived.

    A conflict may mean that the first one is still at work, whatever its code, for as long as that may take. It may
    also mean that half a request had arrived from a process that was killed, and MIOSA kept its key for it.
    """
    if not isinstance(error, miosa.Refused) or error.from_gateway or isinstance(error, _SAYS_NOTHING):
        return False
    may_take = timedelta(seconds=RULES[Kind(operation.kind)].deadline_s)
    return not isinstance(error, miosa.Conflict) or timezone.now() - operation.asked_at > may_take
