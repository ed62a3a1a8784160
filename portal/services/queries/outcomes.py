"""What became of the version or build of an operation: accepted by MIOSA is not yet published."""

from collections.abc import Iterable

from django.db.models import OuterRef, Subquery

from portal.models import Deployment, KeptLog, Operation, Version
from portal.services.queries import summaries
from portal.services.queries.schemas import BuildOutcome, State

_OUTCOMES = {
    State.BUILDING: BuildOutcome.BUILDING,
    State.CREATED: BuildOutcome.CREATED,
    State.FAILED: BuildOutcome.FAILED,
    State.LIVE: BuildOutcome.WENT_LIVE,
}
# The line of its log with the cause of a newest version's failure, to annotate a query of deployments with. Made once:
# to build it for each page takes as long as to run it.
NEWEST_FAILURE = Subquery(KeptLog.objects.filter(version=OuterRef("newest_version"), stage="").values("failure")[:1])


def get_outcome(operation: Operation, version: Version | None, deployment: Deployment | None) -> BuildOutcome | None:
    """None for an operation that builds nothing, or was not accepted. `version` is what it published."""
    is_done = operation.state == Operation.State.SUCCEEDED or operation.decision == "happened"
    if is_done and operation.result.get("build_failed"):
        return BuildOutcome.FAILED
    if not is_done or not operation.publishes:
        return None
    if version is None or deployment is None:
        return BuildOutcome.UNKNOWN
    return get_version_outcome(version, deployment, goes_live=operation.goes_live)


def get_version_outcome(version: Version, deployment: Deployment, *, goes_live: bool) -> BuildOutcome:
    found = _OUTCOMES.get(summaries.get_state(version, deployment))
    if found is not None:
        return found
    if version.was_live:
        return BuildOutcome.WENT_LIVE
    return BuildOutcome.READY if goes_live else BuildOutcome.STAGED


def find_failures(versions: Iterable[Version]) -> dict[int, str]:
    """Version.id → the line of its log with the cause, of those whose log was read. As MIOSA sent it."""
    failed = [version.pk for version in versions if version.state == "failed"]
    if not failed:
        return {}
    return dict(KeptLog.objects.filter(version__in=failed, stage="").values_list("version_id", "failure"))
