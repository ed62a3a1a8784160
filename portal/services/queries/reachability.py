"""Whether MIOSA can be reached, in texts for people and for operators. Read from our tables only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.models import Connection
from portal.services import rates
from portal.services.queries.schemas import Reachability

# Codes of errors (`portal.miosa.errors`) as they are stored; a test compares them with the classes.
BUDGET_CODES = frozenset({"budget_spent", "rate_limited"})
OUTAGE_CODES = frozenset(
    {
        *("answer_lost", "bad_answer", "breaker_open", "deadline_exceeded", "outage", "redirected", "server_error"),
        "unreachable",
    }
)


@dataclass(frozen=True, slots=True)
class Status:
    """`for_people` names no vendor, `for_operators` may; both are empty when all is well."""

    reach: Reachability
    since: datetime | None = None
    retry_at: datetime | None = None
    for_people: str = ""
    for_operators: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """The code of an error, and when it happened."""

    code: str
    at: datetime


def get_status(
    connection: Connection | None, *, failure: Failure | None = None, is_stale: bool, now: datetime
) -> Status:
    """The state of the connection. `failure`: reading this one thing failed, while others may go well.

    A spent budget matters only to a page that is stale.
    """
    if connection is not None and connection.unreachable_since:
        return _unreachable(connection.unreachable_since, connection.error)
    if connection is not None and connection.refused_since:
        return _refusing(connection.refused_since, connection.error)
    if failure is not None and failure.code not in BUDGET_CODES:
        status = _unreachable if failure.code in OUTAGE_CODES else _refusing
        return status(failure.at, failure.code)
    if not is_stale or connection is None or connection.bucket is None:
        return Status(Reachability.OK)
    wait = rates.get_installation_share(rates.RESERVED_BY_READS).wait_s(connection.bucket, now=now.timestamp())
    return _budget_spent(now + timedelta(seconds=wait)) if wait > 0 else Status(Reachability.OK)


def _unreachable(since: datetime, code: str) -> Status:
    return Status(
        Reachability.UNREACHABLE,
        since=since,
        for_people=_("The hosting service can't be reached. You see the data as we last read it."),
        for_operators=_("MIOSA can't be reached (%(code)s).") % {"code": code},
    )


def _refusing(since: datetime, code: str) -> Status:
    return Status(
        Reachability.REFUSING,
        since=since,
        for_people=_(
            "The hosting service refuses our requests. You see the data as last read."
            " The platform's staff has been notified."
        ),
        for_operators=_("MIOSA refuses the portal (%(code)s). Check MIOSA_API_KEY and its scopes.") % {"code": code},
    )


def _budget_spent(retry_at: datetime) -> Status:
    return Status(
        Reachability.BUDGET_SPENT,
        retry_at=retry_at,
        for_people=_("Too many requests right now. You see the data as we last read it; we try again in a moment."),
        for_operators=_("The budget of requests to MIOSA is spent for the moment (MIOSA_RPM)."),
    )
