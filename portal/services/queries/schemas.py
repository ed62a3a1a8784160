"""What pages and the JSON API show: frozen dataclasses, limited to what the person may see.

A template or a serializer runs no query and checks no permission. Texts that came from the hosting service are as it
sent them, so they have to be escaped.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.models.versions import get_build_s
from portal.permissions import Role


class State(StrEnum):
    """A version's state as people read it, from MIOSA's state and the deployment's live pointer (contract 9.1, 14.6).

    `LIVE` comes from the deployment alone. `STAGED` is newer than live, ready and never was live. `OTHER` is a state
    unknown to this portal: show `VersionSummary.state_text`. `UNREADABLE` is a row that could not be parsed.
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


class BuildOutcome(StrEnum):
    """What became of what an operation builds. `WENT_LIVE`: it is live, or was. `READY`: built, and not live yet."""

    CREATED = "created"
    BUILDING = "building"
    READY = "ready"
    STAGED = "staged"
    WENT_LIVE = "went_live"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Reachability(StrEnum):
    """Whether requests to the hosting service can be sent and are answered now."""

    BUDGET_SPENT = "budget_spent"
    OK = "ok"
    REFUSING = "refusing"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Age:
    """How old the data on a page is (docs/rules.md, 6).

    `as_of` None: it was never read. `stale`: it is older than it should be and will be refreshed. `filling`: older
    versions are still being read. `changing`: a version is being built, so it is read every few seconds. `generation`
    is opaque and changes whenever something on the page changes; a polling part sends it back and gets 204 if nothing
    is newer. `reach` with `since` and `retry_at` is why the data can't be refreshed, `for_people` the same as a
    sentence; empty if it can.
    """

    as_of: datetime | None
    stale: bool
    filling: bool
    generation: str
    changing: bool = False
    reach: Reachability = Reachability.OK
    since: datetime | None = None
    retry_at: datetime | None = None
    for_people: str = ""


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """A customer's name and address. `external_id` is for staff, None for the customer's own people.

    `logo_id` is another one for each logo, None without one. `may_read_activity`, `may_manage_people` and
    `may_change_settings`: whether these pages of the customer are open to the person.
    """

    slug: str
    name: str
    external_id: str | None
    is_unassigned: bool = False
    logo_id: int | None = None
    may_read_activity: bool = False
    may_manage_people: bool = False
    may_change_settings: bool = False


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """A version in one line. `id` is MIOSA's.

    `who` published it, in `role` and with `reason` if that was done in this portal, for the platform's user
    `on_behalf_of`; else `who` is that user, never MIOSA's. `note` is what people wrote about it. `failure` is the line
    of its log with the cause, if it failed and the log was read. Its build ended at `finished_at`. It was live last
    from `live_from` to `live_until`. Each of these is None if it is not known.
    """

    id: str
    number: int | None
    state: State
    state_text: str
    kind: str
    created_at: datetime
    who: str
    role: str
    reason: str
    files: int | None
    total_bytes: int | None
    was_live: bool
    note: str = ""
    on_behalf_of: str = ""
    sandbox_name: str = ""
    failure: str = ""
    finished_at: datetime | None = None
    live_from: datetime | None = None
    live_until: datetime | None = None

    @property
    def build_s(self) -> float | None:
        """How long its build took; None if that is not known."""
        return get_build_s(self.created_at, self.finished_at)


@dataclass(frozen=True, slots=True)
class Action:
    """`may`: the person has the permission, so there is a button. `cause`: why it is disabled now, or empty."""

    may: bool = False
    cause: str = ""


DENIED = Action()


@dataclass(frozen=True, slots=True)
class Actions:
    """What a person can do with a deployment or with one of its versions."""

    delete: Action = DENIED
    promote: Action = DENIED
    publish: Action = DENIED
    redeploy: Action = DENIED
    rename: Action = DENIED
    roll_back: Action = DENIED
    stop: Action = DENIED

    @property
    def permitted(self) -> frozenset[str]:
        """The names of those that the person may do, now or later."""
        return frozenset(each.name for each in fields(self) if getattr(self, each.name).may)


NOTHING = Actions()


@dataclass(frozen=True, slots=True)
class Undo:
    """What undoing the operation with the key `operation` changes: from `live_*` back to `version_*`.

    `cause` is why it can't be done now. `is_one_click`: recent, and one's own or for staff, so that no form is needed.
    """

    operation: UUID
    customer_id: int
    deployment_id: str
    live_id: str
    live_number: int | None
    version_id: str
    number: int | None
    cause: str
    is_one_click: bool


@dataclass(frozen=True, slots=True)
class Rollback:
    """A newer version than the live one was live before. `kept_by` and `kept_at`: a person decided to keep it so.

    If it was not done in this portal, `operation` is None and `who` empty. Then nobody knows what was live until then,
    so `before_*` is empty; so it is for another customer's version. `at` None: it was done before this portal looked.
    `is_undo`: it undid an operation that had made a newer version live.
    """

    at: datetime | None
    who: str
    role: Role | None
    reason: str
    operation: UUID | None
    is_undo: bool
    live_id: str
    number: int | None
    before_id: str
    before_number: int | None
    kept_by: str
    kept_at: datetime | None
    undo: Undo | None
    may_keep: bool


@dataclass(frozen=True, slots=True)
class DeploymentSummary:
    """A deployment in one line.

    `url` is where to visit it: at its own domain if one works. `live` is None if nothing is live, if the live version
    is another customer's (`live_is_foreign`), or if something is live and its details were not read yet
    (`live_is_unread`). `live_by` made it live, in `live_by_role`, with `live_reason`, by the operation
    `live_operation`; empty if that is not known, as `live_since` is None. `is_unread`: its versions were never read,
    so nothing is known of what is staged, building or failed. `last_failed` and `building` are the newest version, if
    it failed or is being built. `on_rollback`: a newer version was live before. `domains_waiting` counts the domains
    that do not lead to it, None while they were never read. `is_shared`: versions or domains of several customers.
    `actions` and `rollback` are set on the deployment's own pages, `actions` also in lists of apps.
    """

    id: str
    name: str
    url: str
    live: VersionSummary | None
    live_since: datetime | None
    live_by: str
    live_by_role: str
    live_reason: str
    live_operation: UUID | None
    live_is_foreign: bool
    live_is_unread: bool
    is_unread: bool
    staged: VersionSummary | None
    last_failed: VersionSummary | None
    building: VersionSummary | None
    on_rollback: bool
    is_shared: bool
    is_gone: bool
    is_stopped: bool
    state_text: str
    domains_waiting: int | None = 0
    actions: Actions = NOTHING
    rollback: Rollback | None = None

    @property
    def serves_live(self) -> bool:
        """Visitors get the live version: the app is neither stopped nor deleted."""
        return self.live is not None and not self.is_stopped and not self.is_gone

    @property
    def can_be_visited(self) -> bool:
        """Something answers at its address, whoever's version that is."""
        is_served = self.live is not None or self.live_is_foreign or self.live_is_unread
        return is_served and not self.is_stopped and not self.is_gone

    @property
    def main_action(self) -> str:
        """The one of `actions` that fits its state best; empty if this person may do none of those."""
        nothing_is_live = not (self.live or self.live_is_foreign or self.live_is_unread)
        fitting = (
            ("redeploy", self.is_stopped),
            ("promote", self.staged is not None),
            ("publish", nothing_is_live),
            ("roll_back", not nothing_is_live),
        )
        permitted = self.actions.permitted if not self.is_gone else frozenset()
        return next((name for name, fits in fitting if fits and name in permitted), "")


@dataclass(frozen=True, slots=True)
class Fill:
    """How far the first reading of all histories is: `read` of `total` apps. `remaining_s`: about so many seconds.

    `is_listing`: the apps themselves are still being listed, so `total` grows.
    """

    read: int
    total: int
    remaining_s: int
    is_listing: bool
