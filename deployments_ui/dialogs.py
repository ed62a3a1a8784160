"""Forms that change something. They open in the page's dialog; without JavaScript each is a page of its own.

A view reads the same for all of them: bind the form; if it is valid, make one call into the services and show the
operation; else show the form, with what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from deployments_ui import htmx, links, operation_page
from deployments_ui.forms.base import DialogForm
from portal.services.queries.operation_schemas import OperationPage

Form = TypeVar("Form", bound=DialogForm)

allow_form_methods = require_http_methods(["GET", "HEAD", "POST"])


class SeeOther(HttpResponseRedirect):
    """303: a reload of the page that follows sends nothing twice."""

    status_code = 303


def bind(form_class: type[Form], request: HttpRequest, **initial: Any) -> Form:
    """The form with what was submitted. Before that, with `initial` and whatever was typed.

    A browser submits on Enter in some fields as if the first button had been pressed. That is the hidden button
    `enter`, and it submits nothing, so that nobody changes anything by accident.
    """
    if request.method == "POST" and "enter" not in request.POST:
        return form_class(request.POST)
    return form_class(initial={**initial, **request.POST.dict()})


def render_form(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    part: str,
    oob: Iterable[str] = (),
    url: str = "",
) -> HttpResponse:
    """The form, as the page or as its part; 422 with what is wrong. `context` has it as `form`.

    `url` is the form's address, if it is not the one requested.
    """
    form: DialogForm = context["form"]
    status = 422 if form.is_bound else 200
    context = {**context, "focus": focus_of(request, form)}
    response = htmx.render(request, template, context, part=part, oob=oob, status=status)
    return push_url(request, response, url or request.path)


def focus_of(request: HttpRequest, form: DialogForm) -> str:
    """The first field with an error, the choice just made, else Cancel, so that Enter changes nothing by accident."""
    invalid = [name for name in form.errors if name in form.fields] if form.is_bound else []
    return invalid[0] if invalid else "targets" if request.headers.get("X-Focus") == "targets" else "cancel"


def show_operation(request: HttpRequest, operation: OperationPage) -> HttpResponse:
    """To the operation's page; in a dialog the operation takes the form's place."""
    url = links.operation(operation.key)
    if not htmx.wants_part(request):
        return htmx.vary(SeeOther(url))
    context = {**operation_page.context_of(operation), "focus": "title"}
    return push_url(request, htmx.render(request, "operations/page.html", context, part="operation"), url)


def redirect(request: HttpRequest, url: str) -> HttpResponse:
    """To another page, after a change that has no operation to show."""
    if htmx.wants_part(request):
        return htmx.vary(HttpResponse(status=204, headers={"HX-Redirect": url}))
    return htmx.vary(SeeOther(url))


def close(request: HttpRequest, url: str) -> HttpResponse:
    """After a change that has no operation to show: the page below the dialog again, else the page at `url`."""
    if htmx.wants_part(request) and "X-Dialog" in request.headers:
        return htmx.vary(HttpResponse(status=204, headers={"HX-Refresh": "true"}))
    return redirect(request, url)


def push_url(request: HttpRequest, response: HttpResponse, url: str) -> HttpResponse:
    """Outside of a dialog the address is that of what is shown. A dialog leaves it to the page below."""
    if htmx.wants_part(request) and "X-Dialog" not in request.headers and "seen" not in request.GET:
        response["HX-Push-Url"] = url
    return response
