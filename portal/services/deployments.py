"""One deployment: what is live, what to go back to, what waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.access import Person
from portal.services.answers import Age, CustomerHead, DeploymentBrief, VersionBrief
from portal.services.history import Page


@dataclass(frozen=True, slots=True)
class Build:
    """A build of the repository flow (contract 8.4). `error` only for staff."""

    id: str
    state: str
    commit: str
    message: str
    trigger: str
    started_at: datetime | None
    duration_ms: int | None
    error: str


@dataclass(frozen=True, slots=True)
class DeploymentPage:
    """Everything on a deployment's page. `last_good` is what to go back to, with the moment it stopped being live.

    `url` and `managed_url` are addresses of the app; `shows_vendor_host` tells staff that customers see the hosting service's own address.
    On a shared deployment a customer's person gets its name and its own versions, nothing else.
    """

    customer: CustomerHead
    deployment: DeploymentBrief
    managed_url: str
    last_good: VersionBrief | None
    last_good_from: datetime | None
    last_good_until: datetime | None
    live_by: str
    page: Page
    builds: tuple[Build, ...]
    has_builds_only: bool
    source: str
    created_at: datetime | None
    age: Age


def get_deployment(
    *, by: Person, slug: str, deployment_id: str, query: Mapping[str, list[str]], now: datetime
) -> DeploymentPage:
    """Raises NotFound for an unknown customer, deployment or cursor and for strangers; MIOSA is not asked then."""
    raise NotImplementedError


def find_newer(
    *, by: Person, slug: str, deployment_id: str, query: Mapping[str, list[str]], generation: int, now: datetime
) -> DeploymentPage | None:
    """The page again if anything of it changed since `generation`, else None. Refreshes first if stale."""
    raise NotImplementedError


def refresh(*, by: Person, slug: str, deployment_id: str, now: datetime) -> None:
    """Read this deployment again, as somebody asked for it. Raises NotFound, Unavailable."""
    raise NotImplementedError
