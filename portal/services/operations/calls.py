"""A kind of operation into the client's method.

Nothing else in the portal calls a method that changes something at MIOSA.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from portal import miosa
from portal.models import Operation
from portal.services.env_vars import encryption, updates
from portal.services.operations import accepting
from portal.services.operations.kinds import RULES, Kind, is_main
from portal.services.sync import budget, upstream
from portal.services.sync.budget import Purpose

_PATIENCE_S = 2.0
_LEAST_S = 0.1
_URGENT = timedelta(seconds=5)
# What the body holds beside what MIOSA is told.
_OF_PUBLISHING = frozenset({"by_bridge", "name", "source_sandbox_id"})

Answer = miosa.Changed | miosa.Published


class TooLate(miosa.BudgetSpent):
    """Its minute is over, or what it would send is no longer kept: nothing was sent."""

    code = "too_late"


def client(operation: Operation, *, deadline_s: float | None = None) -> miosa.Client:
    """A client whose requests are a person's action: first in the budget, waiting two seconds for a token at most.

    Reading on for what was sent a while ago is no more urgent than any page that somebody reads.
    What changes something never goes out later than a minute after the wish, however long it was waited for.
    """

    def gate(attempt: miosa.Attempt) -> None:
        is_urgent = attempt.mutation or operation.sent_at is None or timezone.now() - operation.sent_at < _URGENT
        _await_token(Purpose.ACTION if is_urgent else Purpose.READ)
        if attempt.mutation and not accepting.is_young(operation, now=timezone.now()):
            raise TooLate

    return upstream.client(Purpose.ACTION, request_id=operation.key.hex, deadline_s=deadline_s).bind(gate=gate)


def make(operation: Operation) -> Answer:
    """Send it, once. Raises miosa.MiosaError."""
    kind = Kind(operation.kind)
    ask = client(operation, deadline_s=_deadline_s(operation))
    return _CALLS[kind](ask, operation, operation.key.hex)


def _deadline_s(operation: Operation) -> float:
    """A repeat has what is left of the minute, since after that its lane belongs to others."""
    deadline_s = RULES[Kind(operation.kind)].deadline_s
    if operation.attempts <= 1:
        return deadline_s
    left = operation.asked_at + accepting.MINUTE - timezone.now()
    return max(_LEAST_S, min(deadline_s, left.total_seconds()))


def _await_token(purpose: Purpose) -> None:
    """Raises miosa.BudgetSpent."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            budget.take(purpose)
            return
        except miosa.BudgetSpent as spent:
            wait = spent.retry_after_s or 0.1
            if time.monotonic() + wait > until:
                raise
        time.sleep(wait)


def _roll_back(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.deployments.rollback(operation.deployment_id, version_id=operation.target_id, idempotency_key=key)


def _promote(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    """A version that was live once goes live again by the way of a rollback, forward too (contract 11.3)."""
    if operation.body.get("was_live") and is_main(operation.environment):
        return _roll_back(ask, operation, key)
    return ask.versions.promote(
        operation.deployment_id,
        operation.target_id,
        environment=operation.environment or None,
        idempotency_key=key,
    )


def _publish(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    """`publish` first; the bridge for a new deployment, where it is set to be the way, or where publish is not there.

    Which way it goes is settled at the first attempt: a repeat by the other way would not be known as the same deed.
    """
    body = {name: value for name, value in operation.body.items() if name not in _OF_PUBLISHING}
    sandbox_id = operation.body["source_sandbox_id"]
    if name := operation.body.get("name"):
        return ask.deployments.publish_from_sandbox(sandbox_id, name=name, idempotency_key=key, **body)
    if not operation.body.get("by_bridge"):
        try:
            return ask.deployments.publish(
                operation.deployment_id, source_sandbox_id=sandbox_id, idempotency_key=key, **body
            )
        except (miosa.NotFound, miosa.NotSupported):
            # The deployment was read a moment ago, so it is the way that is missing, not the deployment.
            if operation.attempts > 1:
                raise
        operation.body = {**operation.body, "by_bridge": True}
        Operation.objects.filter(pk=operation.pk).update(body=operation.body)
    return ask.deployments.publish_from_sandbox(
        sandbox_id, deployment_id=operation.deployment_id, idempotency_key=key, **body
    )


def _redeploy(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.deployments.redeploy(operation.deployment_id, idempotency_key=key)


def _stop(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.deployments.stop(operation.deployment_id, idempotency_key=key)


def _create(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.deployments.create(idempotency_key=key, **operation.body)


def _rename(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.deployments.update(operation.deployment_id, name=operation.body["name"], idempotency_key=key)


def _delete(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.deployments.delete(operation.deployment_id, idempotency_key=key)


def _set_env(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    """The values are opened here and nowhere else; without them nothing can be sent."""
    try:
        values = encryption.decrypt_for_operation(
            operation.key, digest=operation.body.get("draft_digest", ""), now=timezone.now()
        )
    except encryption.ValuesUnavailable:
        raise TooLate("the values are no longer kept") from None
    chosen = encryption.Values({name: values[name] for name in operation.body["names"]})
    answer = ask.env.set(
        operation.deployment_id, chosen, environment=operation.environment or None, idempotency_key=key
    )
    updates.record_updates(operation, chosen)
    return miosa.Changed(status=200, request_id=answer.request_id)


def _delete_env(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.env.delete(operation.deployment_id, operation.body["names"][0], idempotency_key=key)


def _add_domain(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.domains.add(operation.deployment_id, idempotency_key=key, **operation.body)


def _verify_domain(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.domains.verify(operation.deployment_id, operation.body["domain_id"], idempotency_key=key)


def _redirect_domain(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.domains.update(
        operation.deployment_id,
        operation.body["domain_id"],
        redirect_policy=operation.body["redirect_policy"],
        idempotency_key=key,
    )


def _detach_domain(ask: miosa.Client, operation: Operation, key: str) -> Answer:
    return ask.domains.delete(operation.deployment_id, operation.body["domain_id"], idempotency_key=key)


_CALLS: dict[Kind, Callable[[miosa.Client, Operation, str], Answer]] = {
    Kind.ADD_DOMAIN: _add_domain,
    Kind.CREATE: _create,
    Kind.DELETE: _delete,
    Kind.DELETE_ENV: _delete_env,
    Kind.DETACH_DOMAIN: _detach_domain,
    Kind.PROMOTE: _promote,
    Kind.PUBLISH: _publish,
    Kind.REDEPLOY: _redeploy,
    Kind.REDIRECT_DOMAIN: _redirect_domain,
    Kind.RENAME: _rename,
    Kind.ROLL_BACK: _roll_back,
    Kind.SET_ENV: _set_env,
    Kind.STOP: _stop,
    Kind.VERIFY_DOMAIN: _verify_domain,
}
