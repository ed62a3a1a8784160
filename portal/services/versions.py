"""One version: its facts, its life, its log, and two of them side by side."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.access import Person
from portal.services.answers import Age, CustomerHead, DeploymentBrief, VersionBrief


class Keeping(StrEnum):
    """Whether a version can still be restored (contract 11.4)."""

    COLLECTED = "collected"
    KEPT = "kept"
    NEVER = "never"
    UNTIL = "until"


@dataclass(frozen=True, slots=True)
class Retention:
    """KEPT: no end known. UNTIL/COLLECTED: at least until, or gone since, `at`. NEVER: it failed, is unreadable or not built."""

    keeping: Keeping
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of a version's life, in order: `what` is created, built, failed, went_live, replaced, archived, gone."""

    what: str
    at: datetime
    who: str = ""


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Everything on a version's page. Empty texts and None mean "not told". `failure` is one sentence, or empty if it did not fail.

    `source_sandbox`, `build_id` and `internals` (label, value) are for staff only and empty for customers' people.
    """

    customer: CustomerHead
    deployment: DeploymentBrief
    version: VersionBrief
    is_gone: bool
    failure: str
    retention: Retention
    moments: tuple[Moment, ...]
    entrypoint: str
    artifact_sha256: str
    source_sha256: str
    runtime_image: str
    runtime_command: str
    runtime_port: int | None
    health_check_path: str
    project: str
    source_sandbox: str
    build_id: str
    previous_id: str
    next_id: str
    internals: tuple[tuple[str, str], ...]
    age: Age


@dataclass(frozen=True, slots=True)
class LogPage:
    """A version's log as text, with ANSI sequences as the build wrote them. `missing` says in words why there is none.

    For customers' people, names of the hosting service and addresses of its stores are scrubbed. `complete`: it will not grow.
    """

    text: str
    complete: bool
    truncated: bool
    missing: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a comparison: `name` is a stable key (kind, files, total_bytes, entrypoint, artifact, source, image, command, port,
    health_path, who, created_at, …), the two values ready to show, `same`."""

    name: str
    left: str
    right: str
    same: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of one deployment. `same_artifact` None: a hash is not known."""

    customer: CustomerHead
    deployment: DeploymentBrief
    left: VersionBrief
    right: VersionBrief
    same_artifact: bool | None
    differences: tuple[Difference, ...]


def get_version(*, by: Person, slug: str, deployment_id: str, version_id: str, now: datetime) -> VersionPage:
    """Raises NotFound for strangers and unknown ids; MIOSA is not asked then."""
    raise NotImplementedError


def get_log(*, by: Person, slug: str, deployment_id: str, version_id: str, stage: str = "", now: datetime) -> LogPage:
    """The build log; kept compressed once the version is finished. Raises NotFound; never Unavailable: `missing` says it."""
    raise NotImplementedError


def compare(*, by: Person, slug: str, deployment_id: str, from_id: str, to_id: str, now: datetime) -> Comparison:
    """Raises NotFound if either version is unknown or not this person's to see."""
    raise NotImplementedError
