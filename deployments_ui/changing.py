"""What forms that change something have in common: what was typed, where focus begins, what comes after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect

from deployments_ui import links
from deployments_ui.drawing import operations
from deployments_ui.htmx import Request, answer, vary, wants_part
from portal.services.errors import Invalid
from portal.services.operations.submit import Confirmation
from portal.services.queries.operations import OperationPage

LONGEST = 4000


class SeeOther(HttpResponseRedirect):
    """After a deed: go and look at what came of it. A reload does nothing twice."""

    status_code = 303


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields of a form, as a person typed it, and what is wrong with it by field."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> str:
        """What is wrong, but with no single field."""
        return self.problems.get("", "")


Form = Callable[[Typed], Mapping[str, Any]]
ActivationKind = Callable[[], OperationPage]


def take(request: Request, *, template: str, part: str, draw: Form, do: ActivationKind) -> HttpResponse:
    """Show the form; or do what it says, and show what became of it, or the form again with what is wrong with it.

    A browser sends a form on Enter in some fields, as if its first button were pressed. That one is not the deed.
    """
    values = {name: value[:LONGEST] for name, value in request.POST.items() if isinstance(value, str)}
    if request.method != "POST" or "enter" in values:
        return shown(request, template, draw(Typed(values)), part=part)
    try:
        found = do()
    except Invalid as error:
        return shown(request, template, draw(Typed(values, error.fields)), part=part, status=422)
    return accepted(request, found)


def shown(request: Request, template: str, context: Mapping[str, Any], *, part: str, status: int = 200) -> HttpResponse:
    focus = {"focus": focus_of(request, context["typed"])}
    return at_home(request, answer(request, template, {**context, **focus}, part=part, status=status), request.path)


def accepted(request: Request, found: OperationPage) -> HttpResponse:
    """The operation's page; for htmx the operation stands where the form stood."""
    url = links.operation(found.key)
    if not wants_part(request):
        return vary(SeeOther(url))
    context = {**operations.context_of(found), "focus": "title"}
    return at_home(request, answer(request, "operations/page.html", context, part="operation"), url)


def went(request: Request, url: str) -> HttpResponse:
    """To another page, after something that has no operation of its own to show."""
    if wants_part(request):
        return vary(HttpResponse(status=204, headers={"HX-Redirect": url}))
    return vary(SeeOther(url))


def at_home(request: Request, response: HttpResponse, url: str) -> HttpResponse:
    """Outside of a dialog the address is that of what is shown. A dialog leaves it to the page below."""
    if wants_part(request) and "X-Dialog" not in request.headers and "seen" not in request.GET:
        response["HX-Push-Url"] = url
    return response


def focus_of(request: Request, typed: Typed) -> str:
    """On what is wrong, on the choice just made, else on Cancel, so that Enter does no deed by accident."""
    fields = [name for name in typed.problems if name]
    return fields[0] if fields else "targets" if request.headers.get("X-Focus") == "targets" else "cancel"


def confirmed(request: Request) -> Confirmation:
    sent = request.POST
    return Confirmation(
        token=sent.get("token", ""),
        choice=sent.get("choice", ""),
        reason=sent.get("reason", "")[:LONGEST],
        note=sent.get("note", "")[:LONGEST],
        environment=sent.get("environment", ""),
        override=sent.get("override", ""),
    )
