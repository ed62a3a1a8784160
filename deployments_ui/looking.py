"""Looking again: a part that asks, as long as somebody looks, whether anything is newer than what it shows."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from deployments_ui import links
from deployments_ui.htmx import no_change, vary, wants_part
from portal.services.queries.schemas import Age

Pairs = list[tuple[str, str]]
OURS = frozenset({"age", "seen"})


def seen(request: HttpRequest) -> str:
    """The generation that a polling part shows. Empty for everybody else, who want the page."""
    return request.GET.get("seen", "")[:100] if wants_part(request) else ""


def pairs_of(request: HttpRequest) -> Pairs:
    """Where the reader stands, without what looking again adds."""
    return [(name, value) for name, values in request.GET.lists() for value in values if name not in OURS]


def context_of(pairs: Pairs, *, path: str, refresh_path: str, age: Age) -> dict[str, Any]:
    cursor = dict(pairs).get("cursor", "")
    return {
        "age": age,
        "cursor": cursor,
        # A page of older entries does not change, so it doesn't look again.
        "poll_url": "" if cursor else links.with_query(path, [*pairs, ("seen", age.generation), ("age", read(age))]),
        "refresh_url": links.with_query(refresh_path, pairs),
    }


def age_alone(request: HttpRequest, age: Age, context: Mapping[str, Any]) -> HttpResponse:
    """What is shown is as it was, only looked at again: its age is told, or nothing if that reads the same too."""
    if request.GET.get("age", "") == read(age):
        return no_change()
    response = vary(render(request, "freshness/changes.html", {**context, "oob": True}))
    response["HX-Reswap"] = "none"
    return response


def read(age: Age) -> str:
    """What a reader reads of an age, to the minute."""
    return f"{age.as_of:%H%M}{age.stale:d}" if age.as_of else ""
