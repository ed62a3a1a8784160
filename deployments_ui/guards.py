"""Requires sign-in before the view of every page.

A new view is private unless it says `login_not_required` (or is allauth's own entrance).
"""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url

from deployments_ui.htmx import Request, wants_part


class SignInMiddleware(LoginRequiredMiddleware):
    """Sends people without a session to sign in. htmx gets a header: a redirect would put that page into this one."""

    def handle_no_permission(  # type: ignore[override]  # the stubs know redirects only
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        if not wants_part(request):
            return super().handle_no_permission(request, view_func)
        url = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({self.redirect_field_name: page_of(request)})}"
        return HttpResponse(status=401, headers={"HX-Redirect": url})


def page_of(request: Request) -> str:
    """The page that sent the htmx request, to return to; never another site's."""
    return own_path(request.htmx.current_url_abs_path or "")


def own_path(path: str) -> str:
    """The path if it is one of this site, else home."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
