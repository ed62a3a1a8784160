"""The client of the MIOSA API: `miosa.Client(base_url=…, api_key=…).deployments.list()`. Knows no Django.

Its contract is docs/miosa-api.md. A call goes resource → session (breaker, gate, retries) → transport → `requests`.
"""

from msgspec import UNSET, UnsetType

from portal.miosa.client import Client
from portal.miosa.deadline import CHANGE_DEADLINE_S, PUBLISH_DEADLINE_S, READ_DEADLINE_S
from portal.miosa.errors import (
    AnswerLost,
    BadAnswer,
    BreakerOpen,
    BudgetSpent,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    Gone,
    Invalid,
    MiosaError,
    NotFound,
    NotSupported,
    Outage,
    PaymentRequired,
    RateLimited,
    Redirected,
    Refused,
    ServerError,
    TooLarge,
    Unauthorized,
    Unreachable,
)
from portal.miosa.logs import LogText
from portal.miosa.messages import Gap
from portal.miosa.responses import Changed, Published
from portal.miosa.session import Attempt, Gate, Outcome
from portal.miosa.types import (
    Build,
    Deployment,
    DnsRecord,
    Domain,
    EnvVar,
    Page,
    Release,
    RuntimeInstance,
    Sandbox,
    Tenant,
    Unreadable,
    Version,
    Workspace,
)

__all__ = [
    "CHANGE_DEADLINE_S",
    "PUBLISH_DEADLINE_S",
    "READ_DEADLINE_S",
    "UNSET",
    "AnswerLost",
    "Attempt",
    "BadAnswer",
    "BreakerOpen",
    "BudgetSpent",
    "Build",
    "Changed",
    "Client",
    "Conflict",
    "DeadlineExceeded",
    "Deployment",
    "DnsRecord",
    "Domain",
    "EnvVar",
    "Forbidden",
    "Gap",
    "Gate",
    "Gone",
    "Invalid",
    "LogText",
    "MiosaError",
    "NotFound",
    "NotSupported",
    "Outage",
    "Outcome",
    "Page",
    "PaymentRequired",
    "Published",
    "RateLimited",
    "Redirected",
    "Refused",
    "Release",
    "RuntimeInstance",
    "Sandbox",
    "ServerError",
    "Tenant",
    "TooLarge",
    "Unauthorized",
    "Unreachable",
    "Unreadable",
    "UnsetType",
    "Version",
    "Workspace",
]
