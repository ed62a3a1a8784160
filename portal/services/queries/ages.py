"""How old the data on a page is, in one shape for all pages (docs/rules.md, 6)."""

from datetime import datetime, timedelta

from portal.models import Connection, Customer, Freshness
from portal.models.freshness import FRESH_FOR, SWEEP
from portal.permissions import Person
from portal.services import rates
from portal.services.queries import reachability
from portal.services.queries.schemas import Age, Reachability


def get_age(
    customer: Customer,
    freshness: Freshness | None,
    *,
    by: Person,
    filling: bool,
    changing: bool = False,
    now: datetime,
    fresh_for: timedelta = FRESH_FOR,
) -> Age:
    """The age of a customer's data. `customer` was loaded with its status; `filling`: older rows are being read;
    `changing`: a version that is shown is being built.
    """
    is_stale = freshness is None or freshness.read_at is None or now - freshness.read_at >= fresh_for
    status = reachability.get_status(customer.connection, failure=_failure(freshness), is_stale=is_stale, now=now)
    return _age(
        freshness,
        status,
        generation=get_generation(customer, by=by),
        is_stale=is_stale,
        filling=filling,
        changing=changing,
    )


def get_generation(customer: Customer, *, by: Person) -> int:
    """Grows with each change of what this person sees: others on a shared deployment must not show in a counter."""
    return customer.generation + (customer.others_generation if by.sees_everyone else 0)


def read_flags(generation: str) -> tuple[bool, bool]:
    """`changing` and `filling` of the page with this generation. Its number grows whenever one of them changes."""
    return generation[-2:-1] == "1", generation.endswith("1")


def find_sweep() -> Freshness | None:
    """When all deployments were last read."""
    return Freshness.objects.filter(scope=SWEEP).first()


def get_list_age(
    sweep: Freshness | None,
    connection: Connection | None,
    *,
    generation: str,
    filling: bool,
    changing: bool,
    is_first_fill: bool,
    now: datetime,
) -> Age:
    """The age of a list over all customers, which is as old as the last sweep. Twice its interval is not stale yet.

    `filling`: something on this page was never read; `is_first_fill`: something on any page.
    """
    read_at = sweep.read_at if sweep else None
    interval = rates.sweep_interval(sweep.rows_read if sweep else 0, is_filling=is_first_fill)
    is_stale = read_at is None or now - read_at >= 2 * interval
    status = reachability.get_status(connection, failure=_failure(sweep), is_stale=is_stale, now=now)
    return _age(sweep, status, generation=generation, is_stale=is_stale, filling=filling, changing=changing)


def _age(
    freshness: Freshness | None,
    status: reachability.Status,
    *,
    generation: int | str,
    is_stale: bool,
    filling: bool,
    changing: bool,
) -> Age:
    filling = filling and status.reach is Reachability.OK
    return Age(
        as_of=freshness.read_at if freshness else None,
        stale=is_stale,
        filling=filling,
        changing=changing,
        generation=f"{generation}.{status.reach}.{changing:d}{filling:d}",
        reach=status.reach,
        since=status.since,
        retry_at=status.retry_at,
        for_people=status.for_people,
    )


def _failure(row: Freshness | None) -> reachability.Failure | None:
    """Why it was not read the last time, if it has not been read since."""
    if row is None or row.failed_at is None or not row.error:
        return None
    if row.read_at is not None and row.read_at > row.failed_at:
        return None
    return reachability.Failure(row.error, row.failed_at)
