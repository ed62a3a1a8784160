"""The rows of a timeline, as pages and the JSON API show them. See `schemas`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.services.queries.schemas import BuildOutcome, Undo, VersionSummary


class ActivationKind(StrEnum):
    """How the live pointer changed."""

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    WENT_LIVE = "went_live"


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A version in the timeline, `at` the time it was created: one row from its publish to what ended it.

    `sandbox` is an id, for staff.
    """

    id: int
    at: datetime
    deployment_id: str
    deployment_name: str
    version: VersionSummary
    sandbox: str
    is_gone: bool


@dataclass(frozen=True, slots=True)
class ActivationEntry:
    """A change of the live pointer that was seen from outside.

    `from_version_id` is empty if nothing was live before, or another customer's version.
    """

    id: int
    at: datetime
    deployment_id: str
    deployment_name: str
    kind: ActivationKind
    version_id: str
    number: int | None
    from_version_id: str
    from_number: int | None
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """A change requested in this portal, in whatever state it is (`Operation.State`).

    `number` and `from_number` are None if they don't apply or are another customer's. `role` is the role the person had
    then. `decision` is happened or did_not, if a person had to decide. `is_unseen`: accepted by MIOSA, but the live
    pointer has not followed yet. `outcome` is that of what it builds, None if that does not apply (yet). `may_undo`:
    what it made live still is, and the person may undo it; `undo` while one click suffices. `subject` is the domain
    that it changes, if it changes one.
    """

    id: int
    at: datetime
    key: UUID
    kind: str
    state: str
    deployment_id: str
    deployment_name: str
    version_id: str
    number: int | None
    from_version_id: str
    from_number: int | None
    who: str
    role: str
    reason: str
    decision: str
    is_unseen: bool
    outcome: BuildOutcome | None
    may_undo: bool = False
    undo: Undo | None = None
    subject: str = ""


TimelineEntry = VersionEntry | ActivationEntry | OperationEntry
