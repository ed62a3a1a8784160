"""How often the pages about domains poll, and whether there is anything new to send."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone

from deployments_ui import htmx, links
from portal.services.domains.schemas import DomainSummary

# A check that runs now ends within seconds, but a page does not wait for it longer than a minute.
CHECKING_S, CHECKING_FOR_S = 2, 60
# (seconds between two polls, for so many seconds after the page was opened); then the page stops polling.
INTERVALS = ((20, 600), (60, 3600), (300, 4 * 3600))


@dataclass(frozen=True, slots=True)
class Polling:
    """`every` is an htmx trigger, empty once nothing changes. `generation` identifies what the page shows."""

    url: str
    every: str
    generation: str


def get_polling(request: HttpRequest, path: str, domains: Iterable[DomainSummary], *, shown: object) -> Polling:
    """`path` is the page's, `shown` everything on it."""
    now = timezone.now()
    opened_at = get_opened_at(request, now=now)
    every = get_trigger(domains, open_for_s=int(now.timestamp()) - opened_at)
    generation = hashlib.blake2s(repr((shown, every)).encode(), digest_size=8).hexdigest()
    url = links.with_query(path, [("since", str(opened_at)), ("seen", generation)])
    return Polling(url, every, generation)


def await_check(polling: Polling) -> Polling:
    """The polls of a page whose reader requested a check also ask when that has ended."""
    return replace(polling, url=f"{polling.url}&awaited=1")


def is_unchanged(request: HttpRequest, polling: Polling) -> bool:
    """Whether a part polls that shows all of this already."""
    return htmx.wants_part(request) and request.GET.get("seen", "") == polling.generation


def get_opened_at(request: HttpRequest, *, now: datetime) -> int:
    """When the page was opened, in seconds since 1970, as its polls say; never in the future."""
    since = request.GET.get("since", "")
    seconds = int(now.timestamp())
    return min(int(since), seconds) if since.isdecimal() and len(since) < 12 else seconds


def get_trigger(domains: Iterable[DomainSummary], *, open_for_s: int) -> str:
    listed = list(domains)
    is_checking = any(domain.is_being_checked for domain in listed)
    if is_checking and open_for_s < CHECKING_FOR_S:
        return f"every {CHECKING_S}s"
    if is_checking or any(not is_working(domain) for domain in listed):
        return next((f"every {every_s}s" for every_s, until_s in INTERVALS if open_for_s < until_s), "")
    return ""


def is_working(domain: DomainSummary) -> bool:
    return all(item.state == "ok" for item in (domain.ownership, domain.dns, domain.certificate))
