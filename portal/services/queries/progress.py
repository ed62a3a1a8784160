"""The progress of a publish, as its page shows it."""

from dataclasses import dataclass
from datetime import datetime

from portal.models import Deployment, Operation, Version
from portal.models.versions import get_created_at
from portal.services.queries import outcomes
from portal.services.queries.log_pages import LogPage
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.schemas import BuildOutcome, VersionSummary

_STEPS = {
    BuildOutcome.WENT_LIVE: "live",
    BuildOutcome.FAILED: "failed",
    BuildOutcome.BUILDING: "building",
    BuildOutcome.CREATED: "created",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a publish.

    `step` is sending, created, building, ready, live, failed or unknown; `moments` are when each began. `still_live` is
    the version that is live meanwhile. `failure` is one sentence. `log` is None before there can be one.
    `is_log_pending`: it failed, and its whole log was not read yet. `may_publish`: the person can publish it again.
    """

    step: str
    moments: tuple[tuple[str, datetime], ...]
    started_at: datetime
    is_done: bool
    goes_live: bool
    version: VersionSummary | None
    still_live: VersionSummary | None
    failure: str
    log: LogPage | None
    poll_every_s: int
    is_log_pending: bool = False
    may_publish: bool = False


def get_step(page: OperationPage, deployment: Deployment | None, version: Version | None) -> str:
    """How far a publish is: a value of `Progress.step`."""
    if page.state == "refused" or page.decision == "did_not":
        return "failed"
    if page.state in {"accepted", "sent"}:
        return "sending"
    if version is None or deployment is None:
        return "unknown" if page.state == "unknown" else "created"
    return _STEPS.get(outcomes.get_version_outcome(version, deployment, goes_live=True), "ready")


def list_moments(operation: Operation, version: Version | None, step: str) -> tuple[tuple[str, datetime], ...]:
    """The steps reached, each with when it began, as far as that is known."""
    moments = [("sending", operation.requested_at)]
    if version is not None:
        moments.append(("created", get_created_at(version)))
        if version.promoted_at:
            moments.append(("live", version.promoted_at))
        elif step in {"ready", "failed"} and version.updated_at:
            moments.append((step, version.updated_at))
    return tuple(moments)
