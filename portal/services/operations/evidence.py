"""Whether a change has happened, as far as MIOSA shows it.

Reading never changes anything, and trouble is never taken for a no.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from enum import StrEnum
from itertools import islice, pairwise

from portal import miosa
from portal.models import Customer, Deployment, Operation, Version
from portal.services.connection import WrongTenant
from portal.services.operations import calls, effects
from portal.services.operations.kinds import RULES, Kind, is_main

_CLOCKS_APART = timedelta(seconds=30)
_MOST_PAGES = 3


class Evidence(StrEnum):
    """What a look at MIOSA tells of an operation, in alphabetical order.

    ABSENT: everything stands as it stood before. BLIND: it can't be seen, whether or not it happened. HAPPENED: it
    is there.
    OVERTAKEN: something else has changed since, so that it must not be sent any more. UNANSWERED: MIOSA could not be
    asked.
    """

    ABSENT = "absent"
    BLIND = "blind"
    HAPPENED = "happened"
    OVERTAKEN = "overtaken"
    UNANSWERED = "unanswered"


def look(operation: Operation) -> Evidence:
    """May put into `operation.result` what was found: the new version, the new deployment."""
    try:
        return _look(operation, calls.client(operation))
    except miosa.Refused as refused:
        # It won't be shown, however often we ask; unless something in front of MIOSA said so, or we asked too much.
        is_unsure = refused.from_gateway or isinstance(refused, miosa.RateLimited)
        return Evidence.UNANSWERED if is_unsure else Evidence.BLIND
    except (miosa.MiosaError, WrongTenant):
        return Evidence.UNANSWERED


def before(operation: Operation, row: miosa.Deployment, ask: miosa.Client) -> dict[str, object]:
    """How the deployment stands just before sending, to tell afterwards what is new. Raises miosa.MiosaError."""
    stands: dict[str, object] = {
        "live": row.active_version_id or "",
        "name": row.name,
        "build": row.current_build_id or "",
    }
    if operation.kind == Kind.PUBLISH:
        numbers = [version.version_number for version in ask.versions.list(operation.deployment_id).items]
        stands["newest"] = max([*numbers, _newest_known(operation.deployment_id)])
    if operation.kind == Kind.SET_ENV:
        stands |= effects.env_before(operation, ask)
    return stands


def published(operation: Operation, deployment_id: str, ask: miosa.Client) -> miosa.Version | None:
    """The version a publish has made: of that sandbox and customer, newer than all there were.

    Raises miosa.MiosaError.
    """
    return _made(operation, deployment_id, _newer(operation, deployment_id, ask), ask)


def _made(
    operation: Operation, deployment_id: str, newer: Iterable[miosa.Version], ask: miosa.Client
) -> miosa.Version | None:
    taken = _results("version_id", operation)
    external_id = _external_id(operation)
    for row in newer:
        whole = row if row.source_sandbox_id else ask.versions.get(deployment_id, row.id)
        told = whole.external_workspace_id
        is_foreign = isinstance(told, str) and told not in {"", external_id}
        is_of_it = whole.source_sandbox_id == operation.body.get("source_sandbox_id")
        if is_of_it and not is_foreign and row.id not in taken:
            return whole
    return None


def _look(operation: Operation, ask: miosa.Client) -> Evidence:
    kind = Kind(operation.kind)
    effect = effects.of(kind)
    if effect is not None:
        seen = effect(operation, ask)
        return Evidence.BLIND if seen is None else Evidence.HAPPENED if seen else Evidence.ABSENT
    if operation.deployment_id.startswith("new:"):
        return _of_creation(operation, ask)
    try:
        row = ask.deployments.get(operation.deployment_id)
    except (miosa.NotFound, miosa.Gone) as missing:
        if missing.from_gateway:
            return Evidence.UNANSWERED
        return Evidence.HAPPENED if kind is Kind.DELETE else Evidence.OVERTAKEN
    if RULES[kind].moves_pointer and not is_main(operation.environment):
        return Evidence.BLIND
    return _BY_ROW.get(kind, _blind)(operation, row, ask)


def _of_pointer(operation: Operation, row: miosa.Deployment, ask: miosa.Client) -> Evidence:
    if row.active_version_id == operation.target_id:
        return Evidence.HAPPENED
    if _live_stands(operation, row):
        return Evidence.ABSENT
    try:
        target = ask.versions.get(operation.deployment_id, operation.target_id)
    except (miosa.NotFound, miosa.Gone) as missing:
        return Evidence.UNANSWERED if missing.from_gateway else Evidence.OVERTAKEN
    if target.promoted_at is not None and target.promoted_at >= (operation.sent_at or operation.asked_at):
        # It went live, and was replaced since.
        return Evidence.HAPPENED
    return Evidence.OVERTAKEN


def _of_stop(operation: Operation, row: miosa.Deployment, ask: miosa.Client) -> Evidence:
    return Evidence.HAPPENED if row.state == "stopped" else _unless_live_moved(operation, row, ask)


def _of_redeploy(operation: Operation, row: miosa.Deployment, ask: miosa.Client) -> Evidence:
    """Nothing but a new build tells; many redeploys make none."""
    build = operation.result.get("before", {}).get("build")
    is_new = build is not None and (row.current_build_id or "") != build
    return Evidence.HAPPENED if is_new else _unless_live_moved(operation, row, ask)


def _of_rename(operation: Operation, row: miosa.Deployment, ask: miosa.Client) -> Evidence:
    if row.name == operation.body.get("name"):
        return Evidence.HAPPENED
    return Evidence.ABSENT if row.name == operation.result.get("before", {}).get("name") else Evidence.OVERTAKEN


def _of_publish(operation: Operation, row: miosa.Deployment, ask: miosa.Client) -> Evidence:
    newer = list(_newer(operation, operation.deployment_id, ask))
    version = _made(operation, operation.deployment_id, newer, ask)
    if version is not None:
        operation.result = {**operation.result, "version_id": version.id, "version_number": version.version_number}
        return Evidence.HAPPENED
    return Evidence.OVERTAKEN if newer else _unless_live_moved(operation, row, ask)


def _unless_live_moved(operation: Operation, row: miosa.Deployment, _ask: miosa.Client) -> Evidence:
    return Evidence.ABSENT if _live_stands(operation, row) else Evidence.OVERTAKEN


def _blind(_operation: Operation, _row: miosa.Deployment, _ask: miosa.Client) -> Evidence:
    return Evidence.BLIND


_BY_ROW: dict[Kind, Callable[[Operation, miosa.Deployment, miosa.Client], Evidence]] = {
    Kind.DELETE: _unless_live_moved,
    Kind.PROMOTE: _of_pointer,
    Kind.PUBLISH: _of_publish,
    Kind.REDEPLOY: _of_redeploy,
    Kind.RENAME: _of_rename,
    Kind.ROLL_BACK: _of_pointer,
    Kind.STOP: _of_stop,
}


def _live_stands(operation: Operation, row: miosa.Deployment) -> bool:
    stood = operation.result.get("before", {}).get("live", operation.seen_live_id)
    return bool((row.active_version_id or "") == stood)


def _of_creation(operation: Operation, ask: miosa.Client) -> Evidence:
    """A deployment of that name and that customer, new since the person asked; whatever filters MIOSA knows."""
    external_id = _external_id(operation)
    taken = _results("deployment_id", operation)
    since = operation.asked_at - _CLOCKS_APART
    for page in islice(ask.deployments.pages(external_workspace_id=external_id or None), _MOST_PAGES):
        for row in page.items:
            is_ours = row.name == operation.body.get("name") and (row.external_workspace_id or "") == external_id
            is_new = row.created_at is None or row.created_at >= since
            if is_ours and is_new and row.id not in taken and not _was_known(row.id, operation):
                operation.result = {**operation.result, "deployment_id": row.id}
                return Evidence.HAPPENED
    return Evidence.ABSENT


def _newer(operation: Operation, deployment_id: str, ask: miosa.Client) -> Iterator[miosa.Version]:
    """Versions above those that stood there before; no more pages than needed."""
    newest = operation.result.get("before", {}).get("newest", 0)
    for page in islice(ask.versions.pages(deployment_id), _MOST_PAGES):
        numbers = [row.version_number for row in page.items]
        yield from (row for row in page.items if row.version_number > newest)
        if all(one > other for one, other in pairwise(numbers)) and (not numbers or numbers[-1] <= newest):
            return


def _newest_known(deployment_id: str) -> int:
    known = Version.objects.filter(deployment__miosa_id=deployment_id, number__isnull=False).order_by("-number")
    return known.values_list("number", flat=True).first() or 0


def _was_known(deployment_id: str, operation: Operation) -> bool:
    return Deployment.objects.filter(miosa_id=deployment_id, first_seen_at__lt=operation.asked_at).exists()


def _results(name: str, operation: Operation) -> set[str]:
    """What other operations of this customer have made already."""
    others = Operation.objects.filter(customer_id=operation.customer_id, **{f"result__{name}__isnull": False})
    recent = others.exclude(pk=operation.pk).order_by("-pk").values_list("result", flat=True)[:200]
    return {str(result[name]) for result in recent}


def _external_id(operation: Operation) -> str:
    rows = Customer.objects.filter(pk=operation.customer_id).values_list("external_id", flat=True)
    return rows.first() or ""
