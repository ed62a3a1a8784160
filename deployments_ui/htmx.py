"""Decides whether a response is a page or a part of it.

A part is a named block of its page's template with one root element whose id is the block's name.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard, cast

from django import shortcuts
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails
from jinja2 import Environment
from jinja2_fragments import render_block

from deployments_ui.frame import frame
from portal.permissions import Person

LAYOUT = "base.html"
LAYOUTS = ("deployments/layout.html", LAYOUT)
# Parts that every page has, because the layout has them.
LAYOUT_PARTS = ("freshness", "banner")


class Request(HttpRequest):
    """A request as our middleware hands it to a view: signed in, with what htmx sent about itself."""

    htmx: HtmxDetails
    person: Person


def wants_part(request: HttpRequest) -> TypeGuard[Request]:
    """Whether htmx asks for a part. A boosted link and a restored history entry want the page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def get_searched_part(request: HttpRequest, usual: str) -> str:
    """The part of a page with filters that htmx asks for: `usual`, the list.

    Or else the section `searched`, which has the form too, where that has to show other filters than the reader chose.
    """
    return "searched" if request.headers.get("HX-Target") == "searched" else usual


def render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    part: str,
    oob: Iterable[str] = (),
    status: int = 200,
) -> HttpResponse:
    """The page; for htmx its `part`, and the parts in `oob` that are to be replaced out of band besides."""
    if not wants_part(request):
        return vary(shortcuts.render(request, template, dict(context), status=status))
    return render_parts(request, template, context, part, oob=oob, status=status)


def render_parts(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *parts: str,
    oob: Iterable[str] = (),
    status: int = 200,
) -> HttpResponse:
    env = cast(Jinja2, engines["jinja2"]).env
    values = {**context, **frame(request), "request": request, "is_part": True}
    html = [render_block(env, template, name, values) for name in parts]
    html += [render_block(env, _find_template(env, template, name), name, values, oob=True) for name in oob]
    return vary(HttpResponse("".join(html), status=status))


def _find_template(env: Environment, template: str, part: str) -> str:
    """The page's own template or the layout that has the part: Jinja renders no block of a layout through its page."""
    return next(name for name in (template, *LAYOUTS) if part in env.get_template(name).blocks)


def add_toast(response: HttpResponse, text: str) -> HttpResponse:
    """Adds a result that needs no page to the parts in `response`."""
    env = cast(Jinja2, engines["jinja2"]).env
    response.write(env.get_template("frame/toast.html").render(text=text))
    return response


def no_change() -> HttpResponse:
    """204: there is nothing newer than what the part shows."""
    return vary(HttpResponse(status=204))


def vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response


def push_url(request: HttpRequest, response: HttpResponse, url: str) -> HttpResponse:
    """Sets the browser's address to that of the page which the part belongs to. Polling leaves it alone."""
    if wants_part(request) and request.method == "GET" and "seen" not in request.GET:
        response["HX-Push-Url"] = url
    return response
