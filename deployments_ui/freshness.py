"""Polling: while a page is open, its part requests what changed since it was rendered."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from deployments_ui import htmx, links
from deployments_ui.links import Pairs
from portal.services.queries.schemas import Age, Fill

POLLING_KEYS = frozenset({"age", "seen"})


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a page's data is. A page without `poll_url` does not poll; one without `refresh_url` has no button.

    `part` is what polling replaces. `fill`: how far the first reading is.
    """

    age: Age
    poll_url: str = ""
    refresh_url: str = ""
    part: str = "history"
    fill: Fill | None = None

    @property
    def poll_trigger(self) -> str:
        if self.age.stale:
            return "load delay:100ms, every 2s"
        return "every 2s" if self.age.filling or self.age.changing else "every 15s"


def of_page(
    query: Pairs,
    *,
    path: str,
    refresh_path: str = "",
    age: Age,
    part: str = "history",
    fill: Fill | None = None,
) -> Freshness:
    """A page of older entries (one with a cursor) does not change, so it does not poll."""
    polled = [*query, ("seen", age.generation), ("age", shown_age(age))]
    is_older = any(name == "cursor" for name, _value in query)
    return Freshness(
        age,
        poll_url="" if is_older else links.with_query(path, polled),
        refresh_url=links.with_query(refresh_path, query) if refresh_path else "",
        part=part,
        fill=fill,
    )


def seen_generation(request: HttpRequest) -> str:
    """The generation that a polling part shows; empty for everybody else, who get the page."""
    return request.GET.get("seen", "")[:100] if htmx.wants_part(request) else ""


def query_of(request: HttpRequest) -> Pairs:
    """The query of the page itself, without what polling adds."""
    return [(name, value) for name, values in request.GET.lists() for value in values if name not in POLLING_KEYS]


def render_age(request: HttpRequest, shown: Freshness) -> HttpResponse:
    """For a poll when nothing but the age changed: the layout's parts alone, or nothing if the age reads the same.

    `shown` is `of_page` with `query_of(request)`.
    """
    if request.GET.get("age", "") == shown_age(shown.age):
        return htmx.no_change()
    response = htmx.render_parts(request, htmx.LAYOUT, {"freshness": shown}, oob=htmx.LAYOUT_PARTS)
    response["HX-Reswap"] = "none"
    return response


def shown_age(age: Age) -> str:
    """The age to the minute, as a reader sees it."""
    return f"{age.as_of:%H%M}{age.stale:d}" if age.as_of else ""
