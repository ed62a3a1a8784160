"""What pages and share links show of domains."""

from dataclasses import dataclass
from datetime import datetime

from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary


@dataclass(frozen=True, slots=True)
class StatusItem:
    """`state` is ok, failed, waiting or unknown; `cause` is one sentence."""

    state: str
    cause: str


@dataclass(frozen=True, slots=True)
class DomainSummary:
    """A domain in the list. `display_name` has international letters. `has_drifted`: it worked, and is wrong now;
    `leads_elsewhere`: so that visitors may not reach the app.
    """

    id: str
    name: str
    display_name: str
    status: str
    ownership: StatusItem
    dns: StatusItem
    certificate: StatusItem
    has_drifted: bool
    leads_elsewhere: bool
    redirect_policy: str
    checked_at: datetime | None
    next_check_at: datetime | None
    is_being_checked: bool


@dataclass(frozen=True, slots=True)
class DomainList:
    """`is_known`: the list was read from MIOSA at least once. Otherwise an empty list means nothing.

    Domains that do not work come first. `add_token` is the form's that adds one without a reason; empty for people who
    have to give one.
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    domains: tuple[DomainSummary, ...]
    can_add: bool
    add_token: str
    add_obstacle: str
    is_known: bool
    age: Age


@dataclass(frozen=True, slots=True)
class RequiredRecord:
    """A DNS record to set, with what is found in its place.

    `label` is the name as the forms of most DNS providers want it, `full_name` the whole name; `ttl` is in seconds.
    `finding` is a `dns.Finding`, empty before the first check. `found` is what is there instead, where and when.
    Without a `message`, what the record before it says applies to this one too.
    """

    type: str
    label: str
    full_name: str
    value: str
    ttl: int
    finding: str
    is_correct: bool
    message: str
    fix: str
    found: str


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something that blocks the domain although all required records may be correct; a caution only might."""

    finding: str
    is_caution: bool
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class ResolverState:
    """Whether a public resolver has all required records already. None: it gave no answer."""

    host: str
    is_correct: bool | None


@dataclass(frozen=True, slots=True)
class DomainDetail:
    """What both the domain's page and a share link show. `delegated_zone` has the records, if that is a zone below the
    registered domain; else it is empty.
    """

    summary: DomainSummary
    records: tuple[RequiredRecord, ...]
    blockers: tuple[Blocker, ...]
    resolvers: tuple[ResolverState, ...]
    provider: str
    provider_url: str
    delegated_zone: str


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A share link that still works, without its secret."""

    id: int
    created_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DomainPage:
    """`twin` is the other of example.com and www.example.com, if it is not attached yet. `verify_token` is the form's
    that verifies.
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    detail: DomainDetail
    twin: str
    links: tuple[ShareLink, ...]
    verify_token: str
    can_verify: bool
    can_detach: bool
    can_redirect: bool
    can_share: bool
