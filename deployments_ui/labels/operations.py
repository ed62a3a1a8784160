"""Outcomes of operations."""

from __future__ import annotations

from enum import Enum, auto

from deployments_ui.labels.base import Label
from portal.services.operations.base import Kind
from portal.services.operations.kinds import get_kind
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.schemas import BuildOutcome
from portal.services.queries.timeline_schemas import OperationEntry


class Outcome(Enum):
    """What is known of an operation. ACCEPTED: the hosting service accepted it, and its effect does not show yet."""

    ACCEPTED = auto()
    DONE = auto()
    IN_PROGRESS = auto()
    NOT_DONE = auto()
    UNKNOWN = auto()


OUTCOMES: dict[str, Outcome] = {
    "refused": Outcome.NOT_DONE,
    "succeeded": Outcome.DONE,
    "unknown": Outcome.UNKNOWN,
}


def get_operation_label(operation: OperationEntry | OperationPage) -> Label:
    """The word completes a sentence that begins with the app's name: rolled back, was not published, publish failed."""
    kind = get_kind(operation.kind)
    match get_outcome(operation):
        case Outcome.DONE if operation.outcome is not None:
            return _get_build_label(kind, operation.outcome)
        case Outcome.DONE:
            return Label("done", kind.icon.value, kind.labels.done)
        case Outcome.ACCEPTED:
            return Label("unknown", "unknown", kind.labels.accepted or kind.labels.in_progress)
        case Outcome.UNKNOWN:
            return Label("unknown", "unknown", kind.labels.unknown)
        case Outcome.NOT_DONE:
            return Label("failed", "failed", kind.labels.not_done)
        case Outcome.IN_PROGRESS:
            return Label("building", "building", kind.labels.in_progress)


def get_timeline_label(operation: OperationEntry) -> Label:
    """The same in a timeline."""
    in_timeline = get_kind(operation.kind).labels.in_timeline
    label = get_operation_label(operation)
    return label if in_timeline is None else Label(label.css, label.shape, in_timeline)


def _get_build_label(kind: Kind, outcome: BuildOutcome) -> Label:
    """MIOSA accepted it: what counts is what became of the version or build."""
    labels = kind.labels
    match outcome:
        case BuildOutcome.WENT_LIVE:
            return Label("done", kind.icon.value, labels.done)
        case BuildOutcome.FAILED:
            return Label("failed", "failed", labels.failed or labels.not_done)
        case BuildOutcome.STAGED:
            return Label("staged", "staged", labels.staged or labels.done)
        case BuildOutcome.UNKNOWN:
            return Label("unknown", "unknown", labels.accepted or labels.unknown)
        case BuildOutcome.CREATED | BuildOutcome.BUILDING | BuildOutcome.READY:
            return Label("building", "building", labels.in_progress)


def get_outcome(operation: OperationEntry | OperationPage) -> Outcome:
    if operation.state == "decided":
        return Outcome.DONE if operation.decision == "happened" else Outcome.NOT_DONE
    if operation.is_unseen:
        return Outcome.ACCEPTED
    return OUTCOMES.get(operation.state, Outcome.IN_PROGRESS)
