"""When there is no page: what happened, what is still true, what to do. As a page, or as a notice for htmx.

A status is never dressed up as 200. The words say nothing of what was looked for, so that a stranger's page and a
missing one are alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployments_ui import links
from deployments_ui.parts import vary, wants_part
from portal.permissions import Role
from portal.services import errors
from portal.services.operations.accept import LaneBusy
from portal.services.operations.tokens import BadToken


@dataclass(frozen=True, slots=True)
class Words:
    title: Promise
    said: Promise
    advice: Promise


WORDS: dict[int, Words] = {
    400: Words(
        _("That request can't be read"),
        _("Something in the address or the form is not as it should be. Nothing was changed."),
        _("Go back, reload the page and try again."),
    ),
    403: Words(
        _("This is not yours to do"),
        _("You are signed in, but this needs a right that you don't have. Nothing was changed."),
        _("Ask somebody who runs this portal."),
    ),
    404: Words(
        _("There is nothing here"),
        _("The address may be mistyped, the thing may be gone, or it may belong to somebody else."),
        _("Use Find, or begin at the start."),
    ),
    405: Words(
        _("This address can't be used that way"),
        _("It was opened in a way it doesn't know. Nothing was changed."),
        _("Go back to the page you came from and use its buttons."),
    ),
    409: Words(
        _("Somebody was quicker"),
        _("What you saw has changed since. Nothing was done for you."),
        _("Reload the page to see how things stand, then decide again."),
    ),
    429: Words(
        _("Too many tries"),
        _("This was asked for too often in a short time, so it is held back for a while."),
        _("Wait a minute, then try again."),
    ),
    500: Words(
        _("Something broke on our side"),
        _("It was not your doing. We can't tell here whether what you asked for was done."),
        _("Look at how things stand before you try again. If it stays like this, tell us the number below."),
    ),
    503: Words(
        _("Not reachable just now"),
        _("We can't ask the hosting service at the moment. What is live goes on running."),
        _("Try again in a minute."),
    ),
}

ROLES: dict[Role, Promise] = {
    Role.OPERATOR: _("the platform's operators"),
    Role.OWNER: _("an owner of the customer"),
    Role.SUPPORT: _("the platform's support"),
    Role.VIEWER: _("anybody of the customer"),
}


def show(
    request: HttpRequest, status: int, *, said: str = "", advice: str = "", way: tuple[str, str] | None = None
) -> HttpResponse:
    """`way` is an address to go to from here, and its name."""
    words = WORDS[status]
    context = {
        "status": status,
        "title": words.title,
        "said": said or words.said,
        "advice": advice or words.advice,
        "way": way,
        "incident": getattr(request, "request_id", "") if status == 500 else "",
    }
    if not wants_part(request):
        bare = status in (400, 429, 500)
        return vary(render(request, "errors/bare.html" if bare else "errors/page.html", context, status=status))
    response = vary(render(request, "errors/part.html", context, status=status))
    response["HX-Retarget"] = "#notices"
    response["HX-Reswap"] = "innerHTML"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(request, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    return show(request, 429)


def broken(request: HttpRequest) -> HttpResponse:
    return show(request, 500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return show(
        request,
        403,
        said=str(_("This form was too old, or did not come from this portal. Nothing was changed.")),
        advice=str(_("Go back, reload the page and send the form again.")),
    )


def answer_for(request: HttpRequest, error: errors.ServiceError) -> HttpResponse:
    match error:
        case errors.NotFound():
            return show(request, 404)
        case errors.Forbidden():
            return show(request, 403, said=error.for_people, advice=who_can(error.who_can))
        case errors.Invalid():
            return show(request, 400, said=error.for_people)
        case BadToken():
            return show(request, 400, said=error.for_people)
        case LaneBusy():
            way = (links.operation(error.operation_key), str(_("See what is being done")))
            return show(request, 409, said=error.for_people, way=way)
        case errors.Conflict():
            return show(request, 409, said=error.for_people)
        case errors.Unavailable():
            response = show(request, 503, said=error.for_people)
            if error.retry_after_s is not None:
                response["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
            return response
    return show(request, 500)


def who_can(roles: tuple[Role, ...]) -> str:
    if not roles:
        return ""
    return str(_("Who can: %(people)s.")) % {"people": ", ".join(str(ROLES[role]) for role in roles)}


class ErrorMiddleware:
    """Turns what a service could not answer, and a wrong method, into pages. Stands next to the views."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            page = show(request, 405)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return answer_for(request, exception) if isinstance(exception, errors.ServiceError) else None
