"""The colour theme: light, dark or the system's, in a cookie of this browser."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from deployments_ui.frame import THEMES
from deployments_ui.guards import referring_page

YEAR_S = 365 * 24 * 3600


@login_not_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    theme = request.POST.get("theme", "")
    if theme not in (*THEMES, "auto"):
        return HttpResponseBadRequest()
    response = redirect(referring_page(request, default="/"))
    response.set_cookie("theme", theme, max_age=YEAR_S, samesite="Lax", secure=request.is_secure())
    return response
