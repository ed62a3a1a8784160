"""Domains: three lights, the records to set, and when to look again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployments_ui import links
from deployments_ui.htmx import vary
from deployments_ui.times import Clock
from portal.services.domains.links import SharedDomain
from portal.services.domains.lists import DomainRow, StatusItem
from portal.services.domains.pages import DomainFacts, DomainPage

# Class of the colour and shape, and what is read out.
LOOKS: dict[str, tuple[str, str, Promise]] = {
    "failed": ("failed", "failed", _("no")),
    "ok": ("good", "live", _("yes")),
    "unknown": ("unknown", "unknown", _("not known")),
    "waiting": ("waiting", "created", _("not yet")),
}
WORDS: tuple[tuple[str, Promise], ...] = (
    ("ownership", _("Ownership")),
    ("dns", _("DNS")),
    ("certificate", _("Certificate")),
)
POLICIES: dict[str, Promise] = {
    "none": _("None: each name is served by itself"),
    "www_to_apex": _("www leads to the name without it"),
    "apex_to_www": _("The name without www leads to www"),
}
QUICK_S, SLOWER_S, SLOWEST_S, SOON_S = 20, 60, 300, 2
SOON_FOR_S, QUICK_FOR_S, SLOWER_FOR_S, LOOK_FOR_S = 60, 600, 3600, 4 * 3600


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light as it is drawn."""

    name: str
    word: Promise
    look: str
    shape: str
    said: Promise
    cause: str


@dataclass(frozen=True, slots=True)
class Line:
    """A domain in the list. `cause` is that of the first light that is not on."""

    row: DomainRow
    url: str
    lamps: list[Lamp]
    cause: str


def lamps(row: DomainRow) -> list[Lamp]:
    found: list[tuple[str, Promise, StatusItem]] = [(name, word, getattr(row, name)) for name, word in WORDS]
    return [Lamp(name, word, *LOOKS[light.state], light.cause) for name, word, light in found]


def line(row: DomainRow, url: str) -> Line:
    lit = lamps(row)
    # What has to be done first: where it points, since the others wait for that.
    order = sorted(lit, key=lambda lamp: (lamp.look == "good", lamp.name != "dns", lamp.look != "failed"))
    return Line(row, url, lit, "" if order[0].look == "good" else order[0].cause)


def waits(row: DomainRow) -> bool:
    """Whether there is something to wait for: a light that may still go on, or a look that has not been made."""
    return any(item.state != "ok" for item in (row.ownership, row.dns, row.certificate))


def policies(chosen: str) -> list[tuple[str, Promise, bool]]:
    """(value, words, whether it is chosen)."""
    known = chosen if chosen in POLICIES else "none"
    return [(value, words, value == known) for value, words in POLICIES.items()]


def context_of(found: DomainPage, request: HttpRequest) -> dict[str, Any]:
    slug, app, facts = found.customer.slug, found.deployment.id, found.facts
    path = links.domain(slug, app, facts.row.id)
    return {
        "found": found,
        "customer": found.customer,
        "deployment": found.deployment,
        "tab": "domains",
        "lines": True,
        "policy": POLICIES.get(facts.row.redirect_policy or "none", facts.row.redirect_policy),
        "verify_url": links.domain_verify(slug, app, facts.row.id),
        "detach_url": links.detachment(slug, app, facts.row.id),
        "redirect_url": links.redirection(slug, app, facts.row.id),
        "links_url": links.domain_links(slug, app, facts.row.id),
        "add_twin_url": links.with_query(links.domain_add(slug, app), [("domain", found.twin)]) if found.twin else "",
        "shared": [(link, links.domain_link_revocation(slug, app, facts.row.id, link.id)) for link in found.links],
        "new_link": "",
        **facts_context(facts, request, path),
    }


def shared_context(found: SharedDomain, request: HttpRequest) -> dict[str, Any]:
    return {"expires_at": found.expires_at, **facts_context(found.facts, request, request.path)}


def facts_context(facts: DomainFacts, request: HttpRequest, path: str) -> dict[str, Any]:
    row = facts.row
    every = pace(request, is_waiting=waits(row) or row.is_looking, soon=row.is_looking)
    generation = hashlib.blake2s(repr((facts, every)).encode(), digest_size=8).hexdigest()
    return {
        "facts": facts,
        "row": row,
        "lamps": lamps(row),
        "is_done": not waits(row) and not facts.blockers,
        "generation": generation,
        "every": every,
        "poll_url": poll_url(request, path, seen=generation),
    }


def pace(request: HttpRequest, *, is_waiting: bool, soon: bool = False) -> str:
    """How often a page that waits looks again: every 20 s for ten minutes, then ever more seldom, at last only when
    asked.
    """
    now = Clock.of_reader().now
    age = now.timestamp() - begun(request, now)
    if not is_waiting or age > LOOK_FOR_S:
        return ""
    if soon and age < SOON_FOR_S:
        return f"{SOON_S}s"
    every = QUICK_S if age < QUICK_FOR_S else SLOWER_S if age < SLOWER_FOR_S else SLOWEST_S
    return f"{every}s"


def poll_url(request: HttpRequest, path: str, *, seen: str = "") -> str:
    since = begun(request, Clock.of_reader().now)
    return links.with_query(path, [("since", str(since)), *([("seen", seen)] if seen else [])])


def begun(request: HttpRequest, now: datetime) -> int:
    """Since when this page looks again by itself, as it says; never in the future."""
    told = request.GET.get("since", "")
    moment = int(now.timestamp())
    return min(int(told), moment) if told.isdecimal() and len(told) < 12 else moment


def over(request: HttpRequest) -> HttpResponse:
    """The link has ended, was taken back, or never was: the three are never told apart."""
    return vary(render(request, "domains/over.html", status=404))
