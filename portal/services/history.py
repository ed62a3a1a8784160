"""The timeline of one customer: every version, every change of what is live, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from portal.access import Person
from portal.services.answers import Age, CustomerHead, Deed, DeploymentBrief, State, VersionBrief


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for, cleaned. Empty means no filter. `deployments` are MIOSA's ids, `people` and `projects` the keys of `Choice`."""

    deployments: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    kinds: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    date_from: date | None = None
    date_to: date | None = None
    text: str = ""

    @property
    def count(self) -> int:
        many = (self.deployments, self.states, self.kinds, self.people, self.projects)
        return sum(bool(chosen) for chosen in many) + bool(self.date_from or self.date_to) + bool(self.text)


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter: `key` goes into the URL, `label` is shown."""

    key: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """The options each filter offers; a list with fewer than two options need not be drawn."""

    deployments: tuple[Choice, ...]
    states: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    people: tuple[Choice, ...]
    projects: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A version in the timeline. `at` is the moment it is filed under (set once)."""

    id: int
    at: datetime
    deployment_id: str
    deployment_name: str
    version: VersionBrief
    sandbox: str
    is_gone: bool


@dataclass(frozen=True, slots=True)
class ActivationEntry:
    """A change of the live pointer. `from_version` is None if nothing was live before or if it was another customer's."""

    id: int
    at: datetime
    deployment_id: str
    deployment_name: str
    deed: Deed
    version_id: str
    number: int | None
    from_version_id: str
    from_number: int | None
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a timeline. `next_cursor` is empty at the end. `searched_back_to` is set when the search stopped at its window before the
    page was full: nothing (more) was found back to then, and `next_cursor` looks further."""

    entries: tuple[VersionEntry | ActivationEntry, ...]
    next_cursor: str
    searched_back_to: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """Everything on a customer's page. `notes` are sentences about filters that were ignored."""

    customer: CustomerHead
    deployments: tuple[DeploymentBrief, ...]
    page: Page
    filters: Filters
    choices: Choices
    age: Age
    last_publish: VersionBrief | None
    notes: tuple[str, ...] = field(default=())


def get_history(*, by: Person, slug: str, query: Mapping[str, list[str]], now: datetime) -> History:
    """The page `query` asks for (keys app, state, kind, person, project, from, to, q, cursor; lists of raw values from the URL).

    Values that name nothing of this customer are ignored with a note, never widening what is shown.
    Raises NotFound for a stranger's or unknown customer and for a cursor that was not made for it.
    """
    raise NotImplementedError


def find_newer(
    *, by: Person, slug: str, query: Mapping[str, list[str]], generation: int, now: datetime
) -> History | None:
    """The page again if anything of it changed since `generation`, else None. Refreshes first if what is remembered is stale.

    Raises NotFound as `get_history` does.
    """
    raise NotImplementedError


def refresh(*, by: Person, slug: str, now: datetime) -> None:
    """Read this customer again from MIOSA, as somebody asked for it.

    Raises NotFound; Unavailable with words if MIOSA can't be asked or this person asks too often.
    """
    raise NotImplementedError
