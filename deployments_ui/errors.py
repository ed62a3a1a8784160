"""Error pages: what happened, what is still true, what to do. As a page, or as a notice for htmx.

An error keeps its status. The texts don't name what was requested, so that another customer's page and a missing one
are the same.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployments_ui import links
from deployments_ui.frame import Frame
from deployments_ui.htmx import vary, wants_part
from portal.permissions import Role
from portal.services import durability, errors
from portal.services.operations.accept import LaneBusy
from portal.services.operations.tokens import BadToken


@dataclass(frozen=True, slots=True)
class ErrorText:
    title: Promise
    text: Promise
    advice: Promise


TEXTS: dict[int, ErrorText] = {
    400: ErrorText(
        _("This request can't be read"),
        _("Something in the address or the form is invalid. Nothing was changed."),
        _("Go back, reload the page and try again."),
    ),
    403: ErrorText(
        _("You don't have permission to do this"),
        _("You are signed in, but this action needs a permission that you don't have. Nothing was changed."),
        _("Ask the person who invited you."),
    ),
    404: ErrorText(
        _("Page not found"),
        _("The address may be mistyped, the page may have been removed, or you may not have access to it."),
        _("Check the address, or search for what you need."),
    ),
    405: ErrorText(
        _("This address can't be used this way"),
        _("The request method is not allowed here. Nothing was changed."),
        _("Go back to the previous page and use its buttons."),
    ),
    409: ErrorText(
        _("Something changed in the meantime"),
        _("What you saw has changed since you opened the page. Your change was not made."),
        _("Reload the page to see the current state, then decide again."),
    ),
    413: ErrorText(
        _("The form is too large"),
        _("It was not read, and nothing was changed."),
        _("Go back and send less: at most 2 MB together, and 1 MB for a picture."),
    ),
    429: ErrorText(
        _("Too many requests"),
        _("There were too many attempts in a short time."),
        _("Wait a minute, then try again."),
    ),
    500: ErrorText(
        _("Something went wrong on our side"),
        _("This is not your fault. Your change may or may not have been made."),
        _("Check the current state before you try again. If it happens again, send us the number below."),
    ),
    503: ErrorText(
        _("The hosting service can't be reached"),
        _("Your live apps keep running."),
        _("Try again in a minute."),
    ),
}

NOT_SAVED = _("This can't be saved right now")

ROLES: dict[Role, Promise] = {
    Role.OPERATOR: _("the platform's operators"),
    Role.OWNER: _("an owner of the customer"),
    Role.SUPPORT: _("the platform's support"),
    Role.VIEWER: _("every member of the customer"),
}


def show(
    request: HttpRequest,
    status: int,
    *,
    title: Promise | str = "",
    text: str = "",
    advice: str = "",
    link: tuple[str, str] | None = None,
    opens_tab: bool = False,
    kept: Sequence[tuple[str, str]] = (),
    typed: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """`link` is an address to go on to, and its text; with `opens_tab` this page stays open.

    `kept` are the fields of a form that can be sent again; `typed` are labels and texts to copy from one that can't.
    """
    texts = TEXTS[status]
    context = {
        "status": status,
        "title": title or texts.title,
        "kept": kept,
        "typed": typed,
        "kept_action": request.get_full_path(),
        "text": text or texts.text,
        "advice": advice or advise(request, status),
        "link": link,
        "opens_tab": opens_tab,
        "incident": getattr(request, "request_id", "") if status == 500 else "",
        "is_bare": status in (400, 429, 500),
    }
    if not wants_part(request):
        return vary(render(request, "errors/page.html", context, status=status))
    response = vary(render(request, "errors/_notice.html", context, status=status))
    response["HX-Retarget"] = "#notices"
    response["HX-Reswap"] = "innerHTML"
    return response


def advise(request: HttpRequest, status: int) -> str:
    """What to do. People without a permission see whom to ask, if the brand names somebody."""
    if status == 404 and Frame(request).person is None:
        return str(_("Check the address. If you have an account, sign in first."))
    contact = Frame(request).brand.support_contact
    if status == 403 and contact:
        return str(_("Contact support: %(contact)s.")) % {"contact": contact}
    return str(TEXTS[status].advice)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(request, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    return show(request, 429)


def broken(request: HttpRequest) -> HttpResponse:
    """Also for errors outside of views, such as a session that can't be stored."""
    obstacle = durability.find_obstacle(sys.exception())
    return answer_for(request, obstacle) if obstacle else show(request, 500)


def answer_for(request: HttpRequest, error: errors.ServiceError) -> HttpResponse:
    match error:
        case errors.NotFound():
            return show(request, 404)
        case errors.Forbidden():
            return show(request, 403, text=error.for_people, advice=who_can(error.who_can))
        case errors.Invalid():
            return show(request, 400, text=error.for_people)
        case BadToken():
            return show(request, 400, text=error.for_people)
        case LaneBusy():
            link = (links.operation(error.operation_key), str(_("View operation")))
            return show(request, 409, text=error.for_people, link=link)
        case errors.Conflict():
            return show(request, 409, text=error.for_people)
        case errors.StorageUnavailable():
            return set_retry_after(show_not_saved(request, error), error)
        case errors.Unavailable():
            return set_retry_after(show(request, 503, text=error.for_people), error)
    return show(request, 500)


def show_not_saved(request: HttpRequest, error: errors.StorageUnavailable) -> HttpResponse:
    """The form stays open below htmx; without it, the page has what was typed."""
    kept = list_kept_fields(request)
    is_there = request.method == "POST" and (bool(kept) or wants_part(request))
    advice = str(_("What you entered is still there. Send it again in a moment.")) if is_there else ""
    return show(request, 503, title=NOT_SAVED, text=error.for_people, advice=advice, kept=kept)


def show_not_confirmed(request: HttpRequest) -> HttpResponse:
    """A form that was sent too long after signing in.

    It stays open below htmx; without it, the page has what was typed.
    """
    kept = list_kept_fields(request)
    is_there = bool(kept) or wants_part(request)
    text = _("You signed in more than five minutes ago, and this change needs a recent sign-in. Nothing was changed.")
    kept_advice = _("Confirm it in the new tab, come back here, and send the form again.")
    lost_advice = _("Confirm it, then fill in the form again. Secrets are not kept.")
    return show(
        request,
        403,
        title=_("Confirm it's you"),
        text=str(text),
        advice=str(kept_advice if is_there else lost_advice),
        link=(links.confirmation(links.confirmed() if is_there else request.path), str(_("Confirm it's you"))),
        opens_tab=is_there,
        kept=kept,
    )


def show_provider_down(request: HttpRequest) -> HttpResponse:
    return show(
        request,
        503,
        title=_("The sign-in provider can't be reached"),
        text=str(_("Nothing was changed. You can still sign in with a password, if you have one.")),
        link=(links.sign_in(), str(_("Sign in"))),
    )


def set_retry_after(response: HttpResponse, error: errors.Unavailable) -> HttpResponse:
    if error.retry_after_s is not None:
        response["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return response


def list_kept_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed, to be sent again with one click. Nothing if a secret is among it, which no page may show."""
    hidden = getattr(request, "sensitive_post_parameters", ())
    if hidden == "__ALL__" or any(request.POST.get(name) for name in hidden):
        return []
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in fields if name != "csrfmiddlewaretoken"]


def who_can(roles: tuple[Role, ...]) -> str:
    if not roles:
        return ""
    return str(_("Who can: %(people)s.")) % {"people": ", ".join(str(ROLES[role]) for role in roles)}


class ErrorMiddleware:
    """Turns service errors and wrong methods into error pages."""

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
        error = durability.find_obstacle(exception) or exception
        return answer_for(request, error) if isinstance(error, errors.ServiceError) else None
