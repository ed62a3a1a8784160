"""Page or part: decided here and nowhere else."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from portal.permissions import Person


class Request(HttpRequest):
    """A request as our middleware hands it to a view: signed in, with what htmx said about itself."""

    htmx: HtmxDetails
    person: Person


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of the page. A boosted link and a restored history entry want the page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def answer(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, part: str, status: int = 200
) -> HttpResponse:
    """The page, or its named part if htmx asked for one."""
    name = f"{template}#{part}" if wants_part(request) else template
    return vary(render(request, name, dict(context), status=status))


def unchanged() -> HttpResponse:
    """Nothing newer than what the reader has."""
    return vary(HttpResponse(status=204))


def vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response


def with_address(request: HttpRequest, response: HttpResponse, url: str) -> HttpResponse:
    """Tells htmx which address stands for what it now shows: clean, and one that a reload answers with the page."""
    if wants_part(request) and request.method == "GET" and "seen" not in request.GET:
        response["HX-Push-Url"] = url
    return response
