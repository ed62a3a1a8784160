"""Reading back: what MIOSA says after a change, until it says what was wanted."""

import logging
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Activation, Deployment, Operation, Version
from portal.models.freshness import versions_scope
from portal.services.connection import WrongTenant
from portal.services.operations import aftermath, calls, evidence
from portal.services.operations.kinds import RULES, Kind, is_main
from portal.services.sync import freshness
from portal.services.sync.fetch import tenant_check
from portal.services.sync.upsert import deployment_rows, live_pointer, timeline_entries, version_rows
from portal.services.sync.upsert.version_rows import VersionChanges

logger = logging.getLogger(__name__)

_CLOCKS_APART = timedelta(seconds=10)
_CHECK_AFTER = timedelta(seconds=0.5)
# A pointer moves within a second or so; a build takes its time.
_POINTER_TAKES = timedelta(seconds=90)
_BUILD_TAKES = timedelta(minutes=30)
_LONGEST_PAUSE = timedelta(seconds=60)
_BUILT = frozenset({Kind.CREATE, Kind.PUBLISH, Kind.REDEPLOY})
_UNFINISHED = frozenset({"", "created", "building"})
# Of a build (contract 9.3): under way, and ended without anything new.
_UNBUILT = frozenset({"queued", "pending", "created", "building"})
_NOT_BUILT = frozenset({"failed", "cancelled"})


def back(operation: Operation) -> None:
    """After a change.

    The deployment and the touched version again, and once more later if they don't say yet what was wanted.
    """
    try:
        is_done = _read(operation)
    except (miosa.MiosaError, WrongTenant) as error:
        logger.warning("reading back failed", extra={"operation": str(operation.key), "reason": str(error)})
        is_done = False
    operation.look_at = None if is_done else _next_look(operation, now=timezone.now())
    Operation.objects.filter(pk=operation.pk, state=Operation.State.SUCCEEDED).update(look_at=operation.look_at)
    file(operation)


def remember(row: miosa.Deployment) -> None:
    """Take over a deployment row, whatever it says. Raises WrongTenant."""
    settle(take_over(row).deployment)


def take_over(row: miosa.Deployment) -> deployment_rows.StoredDeployment:
    """What it says of the deployment, and what that changed; `settle` is left to do. Raises WrongTenant."""
    (seen,) = deployment_rows.upsert_deployments(tenant_check.accept_rows([row]), now=timezone.now())
    return seen


def settle(deployment: Deployment, *, version_id: str = "", ask: miosa.Client | None = None) -> None:
    """After a row was taken over that says something new; with `version_id` that version too, if it can be read."""
    now, taken = timezone.now(), None
    if ask is not None and version_id and _is_unknown(deployment, version_id):
        taken = _take([version_id], deployment, ask, now=now)
    live_pointer.update_live_pointer(deployment, changes=taken, now=now)


def file(operation: Operation) -> None:
    """Put the operation into the timeline, or bring its row there up to date."""
    if operation.kind == Kind.PUBLISH and operation.state == Operation.State.SUCCEEDED:
        timeline_entries.delete_operation_entry(operation)
        return
    deployment = Deployment.objects.filter(miosa_id=touched_id(operation)).first()
    if deployment is not None:
        timeline_entries.upsert_operation_entry(deployment, operation)


def touched_id(operation: Operation) -> str:
    """The deployment it concerns, or has made."""
    return operation.result.get("deployment_id") or operation.deployment_id


def version_id(operation: Operation) -> str:
    """The version it concerns, or has made; empty if there is none, or not known yet."""
    return operation.target_id or operation.result.get("version_id", "")


def note_switch(operation: Operation, deployment: Deployment, *, now: datetime) -> bool:
    """If the pointer stands where it was wanted, note when it did, and that it was our doing. Whether it does."""
    wanted = version_id(operation)
    if not wanted or deployment.active_version_id != wanted:
        return False
    latest = Activation.objects.filter(
        deployment_id=deployment.miosa_id, version_id=wanted, seen_at__gte=operation.asked_at - _CLOCKS_APART
    )
    for activation in latest.order_by("-at", "-pk")[:1]:
        if activation.operation_id is None:
            activation.cause, activation.operation_id = Activation.Cause.CAUSED, operation.key
            activation.save(update_fields=["cause", "operation_id"])
            timeline_entries.delete_activation_entry(activation)
    if Operation.objects.filter(pk=operation.pk, switched_at=None).update(
        switched_at=now, check_due_at=now + _CHECK_AFTER
    ):
        operation.switched_at, operation.check_due_at = now, now + _CHECK_AFTER
    return True


def _read(operation: Operation) -> bool:
    """Whether MIOSA says what was wanted, so that nothing remains to be read. Raises miosa.MiosaError, WrongTenant."""
    deployment_id = touched_id(operation)
    ask, now = calls.client(operation), timezone.now()
    if operation.kind == Kind.DELETE:
        gone = Deployment.objects.filter(miosa_id=deployment_id)
        deployment_rows.mark_deployments_gone(list(gone), now=now)
        return True
    if deployment_id.startswith("new:"):
        if evidence.look(operation) is not evidence.Evidence.HAPPENED:
            return False
        deployment_id = touched_id(operation)
    row = ask.deployments.get(deployment_id)
    seen = deployment_rows.upsert_deployments(tenant_check.accept_rows([row]), now=now)
    if not seen:
        return True
    deployment = seen[0].deployment
    Deployment.objects.filter(pk=deployment.pk).update(asked_at=timezone.now())
    freshness.discard_running_reads(versions_scope(deployment.pk))
    if operation.kind == Kind.PUBLISH:
        _find_version(operation, deployment_id, ask)
    elif operation.kind == Kind.REDEPLOY:
        _find_build(operation, row)
    ids = {operation.target_id, operation.seen_live_id, version_id(operation)} - {""}
    taken = _take(sorted(ids), deployment, ask, now=now)
    live_pointer.update_live_pointer(deployment, changes=taken, now=now)
    is_done = _says_so(operation, deployment, ask, now=now)
    aftermath.run(operation, deployment, ask, now=now)
    return is_done


def _find_version(operation: Operation, deployment_id: str, ask: miosa.Client) -> None:
    """An answer to a publish may name no version (contract 8.9)."""
    if version_id(operation):
        return
    made = evidence.published(operation, deployment_id, ask)
    if made is not None:
        operation.result = {
            **operation.result,
            "deployment_id": deployment_id,
            "version_id": made.id,
            "version_number": made.version_number,
        }
    Operation.objects.filter(pk=operation.pk).update(result=operation.result)


def _find_build(operation: Operation, row: miosa.Deployment) -> None:
    """An answer to a redeploy may name no build, or have been lost; a new one that is under way is its."""
    stood = operation.result.get("before", {}).get("build")
    if stood is not None and row.current_build_id not in {None, "", stood}:
        operation.result = {"build_id": row.current_build_id, **operation.result}
        Operation.objects.filter(pk=operation.pk).update(result=operation.result)


def _take(ids: list[str], deployment: Deployment, ask: miosa.Client, *, now: datetime) -> VersionChanges:
    taken = VersionChanges()
    for one in ids:
        try:
            row = ask.versions.get(deployment.miosa_id, one)
        except (miosa.NotFound, miosa.BadAnswer):
            continue
        taken.add(version_rows.upsert_versions(deployment, [row], now=now, is_single=True))
    return taken


def _says_so(operation: Operation, deployment: Deployment, ask: miosa.Client, *, now: datetime) -> bool:
    kind = Kind(operation.kind)
    if kind is Kind.PUBLISH:
        return _is_finished(operation, deployment, now=now)
    if kind is Kind.REDEPLOY:
        return _is_built(operation, ask, now=now)
    if not RULES[kind].moves_pointer or not is_main(operation.environment):
        return True
    return note_switch(operation, deployment, now=now) or operation.switched_at is not None


def _is_finished(operation: Operation, deployment: Deployment, *, now: datetime) -> bool:
    """A publish has come to its end: failed, live, or staged where it was to be staged."""
    version = Version.objects.filter(deployment=deployment, miosa_id=version_id(operation)).first()
    if version is None or version.state in _UNFINISHED:
        return False
    if note_switch(operation, deployment, now=now) or version.state == "failed":
        return True
    return operation.body.get("promote") is False or not is_main(operation.environment) or version.was_live


def _is_built(operation: Operation, ask: miosa.Client, *, now: datetime) -> bool:
    """A redeploy has come to its end: its build, where it needs one, has failed, or its app can be checked."""
    facts: dict[str, object] = {"check_due_at": now + _CHECK_AFTER}
    state = _build_state(operation, ask)
    if state in _UNBUILT:
        return False
    if state in _NOT_BUILT:
        text = _("The build did not succeed. What was live before still is.")
        facts = {"verdict": Operation.Verdict.BAD, "verdict_text": text, "checked_at": now}
    Operation.objects.filter(pk=operation.pk, check_due_at=None, checked_at=None).update(**facts)
    return True


def _build_state(operation: Operation, ask: miosa.Client) -> str:
    """Empty if there is no build, or none that can be followed."""
    build_id = operation.result.get("build_id")
    if not build_id:
        return ""
    try:
        return ask.builds.get(operation.deployment_id, build_id).state.lower()
    except (miosa.NotFound, miosa.Gone, miosa.NotSupported, miosa.BadAnswer):
        return ""


def _next_look(operation: Operation, *, now: datetime) -> datetime | None:
    """Soon at first, then ever more seldom; what has not come by then is found by whoever looks next."""
    age = abs(now - operation.asked_at)
    may_take = _BUILD_TAKES if operation.kind in _BUILT else _POINTER_TAKES
    if age > may_take:
        return None
    return now + min(max(timedelta(seconds=1), age / 3), _LONGEST_PAUSE)


def _is_unknown(deployment: Deployment, miosa_id: str) -> bool:
    return not Version.objects.filter(deployment=deployment, miosa_id=miosa_id).exists()
