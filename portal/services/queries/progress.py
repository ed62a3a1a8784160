"""The progress of a publish, as its page shows it."""

from dataclasses import dataclass
from datetime import datetime

from portal.models import Deployment, Operation, Version
from portal.models.versions import get_created_at
from portal.services.queries import summaries
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import State, VersionSummary


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a publish.

    `step` is sending, created, building, ready, live, failed or unknown; `moments` are when each began. `still_live` is
    the version that is live meanwhile. `failure` is one sentence. `log_tail` is the end of the log, scrubbed for
    customers, which begins with its line number `log_first_line`. `is_log_pending`: it failed, and its whole log was
    not read yet. `may_publish`: the person can publish it again.
    """

    step: str
    moments: tuple[tuple[str, datetime], ...]
    started_at: datetime
    is_done: bool
    goes_live: bool
    version: VersionSummary | None
    still_live: VersionSummary | None
    failure: str
    log_tail: str
    poll_every_s: int
    log_first_line: int = 1
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
    state = summaries.get_state(version, deployment)
    if version.state == "archived":
        return "live"
    return {State.LIVE: "live", State.FAILED: "failed", State.BUILDING: "building", State.CREATED: "created"}.get(
        state, "ready"
    )


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
