"""The words and small facts that several services answer with.

Everything here is frozen and ready to be shown: a template or a serializer runs no query and decides nothing about
rights. Texts that came from the hosting service are as they were told (escape them); everything a customer may not see
has been left out already.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.permissions import Role


class State(StrEnum):
    """The word a person reads for a version, made from MIOSA's state and the deployment's live pointer (contract 9.1,
    14.6).

    `LIVE` comes from the deployment alone; `STAGED` is newer than live, ready and never live. `OTHER` is a state that
    this portal does
    not know: show `VersionBrief.state_text`. `UNREADABLE` is a row that could not be understood.
    """

    ARCHIVED = "archived"
    BUILDING = "building"
    CREATED = "created"
    FAILED = "failed"
    GONE = "gone"
    LIVE = "live"
    OTHER = "other"
    READY = "ready"
    STAGED = "staged"
    UNREADABLE = "unreadable"


class ActivationKind(StrEnum):
    """What a change of the live pointer was."""

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    WENT_LIVE = "went_live"


class Reachability(StrEnum):
    """Whether the hosting service can be asked at this moment."""

    BUDGET_SPENT = "budget_spent"
    OK = "ok"
    REFUSING = "refusing"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Age:
    """How old what is shown is (docs/rules.md, 6).

    `as_of` None: nothing was ever read. `stale`: older than it should be, a refresh is asked for. `filling`: more of
    the history is still
    being read. `generation` (opaque) changes whenever something shown here changed; a polling part sends it back and is
    answered 204 if nothing is newer.
    `reach` with `since` and `retry_at` say why nothing newer comes; `for_people` is the sentence for it, empty when all
    is well.
    """

    as_of: datetime | None
    stale: bool
    filling: bool
    generation: str
    reach: Reachability = Reachability.OK
    since: datetime | None = None
    retry_at: datetime | None = None
    for_people: str = ""


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """A customer as its own pages name it. `external_id` is None for the customer's own people."""

    slug: str
    name: str
    external_id: str | None
    is_unassigned: bool = False


@dataclass(slots=True)
class VersionSummary:
    """A version in one line. `id` is MIOSA's. `who` is never MIOSA's own user id for a customer.

    Not frozen: a page makes fifty, and that would double what each costs.
    """

    id: str
    number: int | None
    state: State
    state_text: str
    kind: str
    created_at: datetime
    who: str
    files: int | None
    total_bytes: int | None
    was_live: bool


@dataclass(frozen=True, slots=True)
class Action:
    """A deed that a page may offer.

    `may`: it is this person's to do, so there is a button; `cause` says why not now.
    """

    may: bool = False
    cause: str = ""


NOT_YOURS = Action()


@dataclass(frozen=True, slots=True)
class Actions:
    """What a person may do with a deployment, or with one version of it. What does not apply is not offered."""

    delete: Action = NOT_YOURS
    promote: Action = NOT_YOURS
    publish: Action = NOT_YOURS
    redeploy: Action = NOT_YOURS
    rename: Action = NOT_YOURS
    roll_back: Action = NOT_YOURS
    stop: Action = NOT_YOURS


NOTHING = Actions()


@dataclass(frozen=True, slots=True)
class Rollback:
    """What is live was rolled back to, and nobody has said yet that it stays so.

    `operation` is None and `who` empty if it was done outside of this portal. `before_*` is what was live until then,
    empty if
    it is another customer's or gone; `is_forward` tells that going back to it is a promotion.
    """

    at: datetime
    who: str
    role: Role | None
    reason: str
    operation: UUID | None
    live_id: str
    number: int | None
    before_id: str
    before_number: int | None
    is_forward: bool
    may_undo: bool
    may_keep: bool


@dataclass(frozen=True, slots=True)
class DeploymentSummary:
    """A deployment in one line, as the person asking may see it.

    `live` is None if nothing is live, or if what is live is another customer's (`live_is_foreign`). `last_failed` is
    the newest version when it failed. `on_rollback`: the live number is lower than another that was live. `is_shared`:
    versions or domains of several customers.
    `actions` and `rollback` are filled on the pages that show them.
    """

    id: str
    name: str
    url: str
    live: VersionSummary | None
    live_since: datetime | None
    live_is_foreign: bool
    staged: VersionSummary | None
    last_failed: VersionSummary | None
    building: VersionSummary | None
    on_rollback: bool
    is_shared: bool
    is_gone: bool
    is_stopped: bool
    state_text: str
    domains_waiting: int = 0
    actions: Actions = NOTHING
    rollback: Rollback | None = None
