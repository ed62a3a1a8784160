"""What became of the version or build of an operation: accepted by MIOSA is not yet published."""

from portal.models import Deployment, Operation, Version
from portal.services.queries import summaries
from portal.services.queries.schemas import BuildOutcome, State

_OUTCOMES = {
    State.BUILDING: BuildOutcome.BUILDING,
    State.CREATED: BuildOutcome.CREATED,
    State.FAILED: BuildOutcome.FAILED,
    State.LIVE: BuildOutcome.WENT_LIVE,
}


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
