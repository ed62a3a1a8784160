"""What else a change leaves to be read or forgotten, and how it can be seen to have happened, by its kind."""

from collections.abc import Callable
from datetime import datetime

from portal import miosa
from portal.models import Deployment, Operation
from portal.services.domains import reading as domains
from portal.services.env import marks, reading, sealing
from portal.services.journal.kinds import Kind

After = Callable[[Operation, Deployment, miosa.Client, datetime], None]
Effect = Callable[[Operation, miosa.Client], bool | None]


def run(operation: Operation, deployment: Deployment, ask: miosa.Client, *, now: datetime) -> None:
    """Raises miosa.MiosaError."""
    after = _AFTER.get(Kind(operation.kind))
    if after is not None:
        after(operation, deployment, ask, now)


def forget_secrets(operation: Operation) -> None:
    """It is settled: whatever was kept to repeat it is dropped."""
    if operation.kind == Kind.SET_ENV:
        sealing.drop(operation.key)


def effect_of(kind: Kind) -> Effect | None:
    return _EFFECTS.get(kind)


def _after_set_env(operation: Operation, deployment: Deployment, ask: miosa.Client, now: datetime) -> None:
    """MIOSA may replace instead of merge (contract 17.5): names that were there before and are not now are told."""
    there = reading.read(deployment, ask=ask, now=now)
    names = {name for _environment, name in there}
    before = {
        name for environment, name in operation.body.get("before", []) if environment in ("", operation.environment)
    }
    vanished = sorted(before - names)
    if vanished:
        operation.result = {**operation.result, "vanished": vanished}
        Operation.objects.filter(pk=operation.pk).update(result=operation.result)
    forget_secrets(operation)


def _after_delete_env(operation: Operation, deployment: Deployment, ask: miosa.Client, now: datetime) -> None:
    marks.drop(operation)
    reading.read(deployment, ask=ask, now=now)


def _env_was_set(operation: Operation, ask: miosa.Client) -> bool | None:
    """Values can't be read, so only names that were not there before tell; and a row that says it changed since."""
    rows = {row.name: row for row in ask.env.list(operation.deployment_id).items}
    before = {name for _environment, name in operation.body.get("before", [])}
    for name in operation.body["names"]:
        row = rows.get(name)
        if row is None:
            return False
        changed_at = row.updated_at or row.created_at
        if name in before and (changed_at is None or changed_at < operation.asked_at):
            return None
    return True


def _env_was_deleted(operation: Operation, ask: miosa.Client) -> bool | None:
    return all(row.name not in operation.body["names"] for row in ask.env.list(operation.deployment_id).items)


def _after_domain(operation: Operation, deployment: Deployment, ask: miosa.Client, now: datetime) -> None:
    domains.read(deployment, ask=ask, now=now)


def _domain_was_added(operation: Operation, ask: miosa.Client) -> bool | None:
    return any(row.domain == operation.body["domain"] for row in ask.domains.list(operation.deployment_id).items)


def _domain_was_detached(operation: Operation, ask: miosa.Client) -> bool | None:
    rows = ask.domains.list(operation.deployment_id).items
    return all(row.id != operation.body["domain_id"] or row.status == "removed" for row in rows)


def _domain_was_redirected(operation: Operation, ask: miosa.Client) -> bool | None:
    rows = ask.domains.list(operation.deployment_id).items
    wanted = operation.body["redirect_policy"]
    return any(row.id == operation.body["domain_id"] and row.redirect_policy == wanted for row in rows)


def _domain_was_verified(operation: Operation, ask: miosa.Client) -> bool | None:
    """Asking to verify sets nothing: whatever MIOSA says now is as good as the answer that was lost."""
    return any(row.id == operation.body["domain_id"] for row in ask.domains.list(operation.deployment_id).items)


_AFTER: dict[Kind, After] = {
    Kind.ADD_DOMAIN: _after_domain,
    Kind.DELETE_ENV: _after_delete_env,
    Kind.DETACH_DOMAIN: _after_domain,
    Kind.REDIRECT_DOMAIN: _after_domain,
    Kind.SET_ENV: _after_set_env,
    Kind.VERIFY_DOMAIN: _after_domain,
}

_EFFECTS: dict[Kind, Effect] = {
    Kind.ADD_DOMAIN: _domain_was_added,
    Kind.DELETE_ENV: _env_was_deleted,
    Kind.DETACH_DOMAIN: _domain_was_detached,
    Kind.REDIRECT_DOMAIN: _domain_was_redirected,
    Kind.SET_ENV: _env_was_set,
    Kind.VERIFY_DOMAIN: _domain_was_verified,
}
