"""What else a change leaves to be read, noted or forgotten, by its kind."""

from collections.abc import Callable
from datetime import datetime

from portal import miosa
from portal.models import Deployment, Operation
from portal.services.domains import reading as domains
from portal.services.env_vars import encryption, updates
from portal.services.env_vars.names import refresh_names
from portal.services.operations.kinds import Kind

After = Callable[[Operation, Deployment, miosa.Client, datetime], None]


def run(operation: Operation, deployment: Deployment, ask: miosa.Client, *, now: datetime) -> None:
    """Raises miosa.MiosaError."""
    after = _AFTER.get(Kind(operation.kind))
    if after is not None:
        after(operation, deployment, ask, now)


def conclude(operation: Operation) -> None:
    """It has happened, whoever says so: what was kept to repeat it tells what to note, and is dropped."""
    if operation.kind == Kind.SET_ENV:
        updates.record_detected_updates(operation)
    forget_secrets(operation)


def forget_secrets(operation: Operation) -> None:
    """It is settled: whatever was kept to repeat it is dropped."""
    if operation.kind == Kind.SET_ENV:
        encryption.delete_draft(operation.key)


def _after_set_env(operation: Operation, deployment: Deployment, ask: miosa.Client, now: datetime) -> None:
    """MIOSA may replace instead of merge (contract 17.5): names that were there before and are not now are told."""
    conclude(operation)
    there = refresh_names(deployment, client=ask, now=now)
    names = {name for _environment, name in there}
    before = {
        name for environment, name in operation.body.get("before", []) if environment in ("", operation.environment)
    }
    vanished = sorted(before - names)
    if vanished:
        operation.result = {**operation.result, "vanished": vanished}
        Operation.objects.filter(pk=operation.pk).update(result=operation.result)


def _after_delete_env(operation: Operation, deployment: Deployment, ask: miosa.Client, now: datetime) -> None:
    updates.delete_updates(operation)
    refresh_names(deployment, client=ask, now=now)


def _after_domain(operation: Operation, deployment: Deployment, ask: miosa.Client, now: datetime) -> None:
    domains.read(deployment, ask=ask, now=now)


_AFTER: dict[Kind, After] = {
    Kind.ADD_DOMAIN: _after_domain,
    Kind.DELETE_ENV: _after_delete_env,
    Kind.DETACH_DOMAIN: _after_domain,
    Kind.REDIRECT_DOMAIN: _after_domain,
    Kind.SET_ENV: _after_set_env,
    Kind.VERIFY_DOMAIN: _after_domain,
}
