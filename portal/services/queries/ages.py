"""How old what is shown is, in one shape for all pages (docs/rules.md, 6)."""

from datetime import datetime, timedelta

from portal.models import Connection, Freshness
from portal.models.freshness import FRESH_FOR
from portal.services import connection
from portal.services.connection import Trouble
from portal.services.queries.schemas import Age, Reachability


def of(
    row: Freshness | None,
    *,
    generation: int,
    filling: bool,
    now: datetime,
    connection_row: Connection | None = None,
    fresh: timedelta = FRESH_FOR,
) -> Age:
    as_of = row.read_at if row else None
    stale = as_of is None or now - as_of >= fresh
    standing = connection.standing(connection_row or connection.get(), trouble=_trouble(row), is_stale=stale, now=now)
    filling = filling and standing.reach is Reachability.OK
    return Age(
        as_of=as_of,
        stale=stale,
        filling=filling,
        generation=f"{generation}.{standing.reach}.{filling:d}",
        reach=standing.reach,
        since=standing.since,
        retry_at=standing.retry_at,
        for_people=standing.for_people,
    )


def _trouble(row: Freshness | None) -> Trouble | None:
    """What went wrong when this was last to be read, if it has not been read since."""
    if row is None or row.failed_at is None or not row.error:
        return None
    return None if row.read_at is not None and row.read_at > row.failed_at else Trouble(row.error, row.failed_at)
