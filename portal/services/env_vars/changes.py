"""Which env vars changed since a moment, and since when the live version has run with its values."""

from datetime import datetime

from portal.models import Deployment, EnvVar, EnvVarUpdate, Operation
from portal.services import environments
from portal.services.operations.kinds.delete_env import DeleteEnv
from portal.services.operations.kinds.redeploy import Redeploy
from portal.services.operations.kinds.set_env import SetEnv


def count_changed_names(deployment: Deployment, *, since: datetime | None) -> int:
    """How many names of the main environment were set or deleted since then, by the portal or as MIOSA reports it.

    0 without a moment.
    """
    if since is None:
        return 0
    # Only the main environment has a live version that MIOSA reports.
    main = ["", environments.get_main()]
    updates = EnvVarUpdate.objects.filter(deployment_id=deployment.miosa_id, environment__in=main, set_at__gt=since)
    reported = EnvVar.objects.filter(deployment=deployment, environment__in=main, changed_at__gt=since)
    deletions = Operation.objects.filter(
        deployment_id=deployment.miosa_id,
        kind=DeleteEnv.name,
        state=Operation.State.SUCCEEDED,
        settled_at__gt=since,
    )
    names = {*updates.values_list("name", flat=True), *reported.values_list("name", flat=True)}
    return len(names.union(*(body["names"] for body in deletions.values_list("body", flat=True))))


def list_added_names(deployment: Deployment, environment: str, *, since: datetime) -> set[str]:
    """Names that the portal added since then, so that what already ran has no value for them at all."""
    operations = Operation.objects.filter(
        deployment_id=deployment.miosa_id, kind__in=[SetEnv.name, DeleteEnv.name], requested_at__gt=since
    )
    existed: dict[str, bool] = {}
    for operation in operations.exclude(state=Operation.State.REFUSED).order_by("pk"):
        if operation.kind == DeleteEnv.name:
            before = set(operation.body["names"])
        elif operation.environment == environment:
            before = {name for place, name in operation.body.get("before", []) if place in {"", environment}}
        else:
            continue
        # Only the first operation tells what there was: a later one finds the name that an earlier one added.
        existed = {name: name in before for name in operation.body["names"]} | existed
    return {name for name, has_existed in existed.items() if not has_existed}


def find_started_at(deployment: Deployment) -> datetime | None:
    """Since when the live version has run with its env vars: it went live, or was redeployed. None if unknown."""
    redeploys = Operation.objects.filter(
        deployment_id=deployment.miosa_id, kind=Redeploy.name, state=Operation.State.SUCCEEDED
    )
    latest = redeploys.exclude(verdict=Operation.Verdict.BAD).order_by("-settled_at").first()
    redeployed_at = None
    if latest is not None:
        # A redeploy with a build runs with them once that is built and its address has been checked.
        redeployed_at = latest.checked_at if "build_id" in latest.result else latest.settled_at
    return max(filter(None, (deployment.live_since, redeployed_at)), default=None)
