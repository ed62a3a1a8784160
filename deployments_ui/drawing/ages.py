"""How old what a page shows is, with what looks again and what asks for something newer."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from deployments_ui.stencil import Stencil
from deployments_ui.times import Clock, iso
from portal.services.queries.schemas import Age


@dataclass(slots=True)
class AgeRow:
    at: str
    exact: str
    since: str
    poll_url: str
    refresh_url: str
    csrf: str
    is_read: bool
    is_stale: bool
    is_filling: bool
    is_oob: bool
    polls: bool
    can_refresh: bool


AGE = Stencil("freshness/_age.html", AgeRow)


def draw(age: Age, *, poll_url: str, refresh_url: str, csrf: str, clock: Clock, oob: bool) -> SafeString:
    at = age.as_of
    row = AgeRow(
        at=iso(at) if at else "",
        exact=clock.exact(at) if at else "",
        since=clock.since(at) if at else "",
        poll_url=poll_url,
        refresh_url=refresh_url,
        csrf=csrf,
        is_read=at is not None,
        is_stale=age.stale,
        is_filling=age.filling,
        is_oob=oob,
        polls=bool(poll_url),
        can_refresh=bool(refresh_url),
    )
    return AGE.draw([row])
