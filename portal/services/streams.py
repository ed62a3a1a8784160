"""Logs that are not kept: of builds, and of what runs. Whoever looks within the same seconds shares one reading."""

from collections.abc import Callable
from datetime import datetime

from portal import miosa
from portal.permissions import Person
from portal.services import logs
from portal.services.logs import LogPage, Packed
from portal.services.sync import polling


def read(
    ask: Callable[[miosa.Client], miosa.LogText],
    *,
    name: str,
    is_finished: bool,
    customer_id: int,
    by: Person,
    now: datetime,
) -> LogPage:
    """Raises nothing: what went wrong is in `missing`. `name` tells this log from all others."""

    def pack(client: miosa.Client) -> Packed:
        told = ask(client)
        # A stream of something at work is cut by our own deadline, which says nothing about its length.
        return logs.pack(told, is_truncated=is_finished and not told.complete)

    told = polling.poll(f"stream:{name}", pack, customer_id=customer_id, is_final=is_finished, now=now)
    return logs.page_of(told, is_finished=is_finished, by=by)
