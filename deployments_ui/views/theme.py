"""The colour theme: light, dark or the system's. In a cookie of this browser; for other browsers in the account."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from deployments_ui.frame import THEMES
from deployments_ui.guards import referring_page
from deployments_ui.htmx import Request
from portal.services.accounts import profiles

YEAR_S = 365 * 24 * 3600


@login_not_required
@require_POST
def choose(request: Request) -> HttpResponse:
    theme = request.POST.get("theme", "")
    if theme not in (*THEMES, "auto"):
        return HttpResponseBadRequest()
    if request.person.id:
        profiles.set_theme("" if theme == "auto" else theme, by=request.person)
    response = redirect(referring_page(request, default="/"))
    set_theme_cookie(request, response, theme)
    return response


def set_theme_cookie(request: HttpRequest, response: HttpResponse, theme: str) -> None:
    response.set_cookie("theme", theme, max_age=YEAR_S, samesite="Lax", secure=request.is_secure())
