"""Light, dark, or as the system has it: a cookie of this browser."""

from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from deployments_ui.frame import THEMES
from deployments_ui.guards import own_path

YEAR_S = 365 * 24 * 3600


@login_not_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    theme = request.POST.get("theme", "")
    if theme not in (*THEMES, "auto"):
        return HttpResponseBadRequest()
    response = redirect(page_before(request))
    response.set_cookie("theme", theme, max_age=YEAR_S, samesite="Lax", secure=request.is_secure())
    return response


def page_before(request: HttpRequest) -> str:
    """Where the form stood, as the browser tells; another site's address leads to the start."""
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc != request.get_host():
        return "/"
    return own_path(f"{came.path}?{came.query}" if came.query else came.path)
