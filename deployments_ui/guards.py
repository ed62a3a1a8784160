"""Requires sign-in before the view of every page, and refuses bodies that are too large before anything reads them.

A new view is private unless it says `login_not_required` (or is allauth's own entrance).
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url

from deployments_ui import errors
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


class BodyLimitMiddleware:
    """Answers 413 without reading the body. The web server counts bodies of unknown length (`portal.asgi`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_too_large = length.isdecimal() and int(length) > settings.MOST_BODY_BYTES
        if not is_too_large and not request.META.get("asgi.scope", {}).get("body_too_large"):
            return self.get_response(request)
        if not request.path.startswith("/api/"):
            return errors.show(request, 413)
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        problem = {"type": "about:blank", "title": status.phrase, "status": status, "detail": errors.TEXTS[413].text}
        return JsonResponse(problem, status=status, content_type="application/problem+json")


def page_of(request: Request) -> str:
    """The page that sent the htmx request, to return to; never another site's."""
    return own_path(request.htmx.current_url_abs_path or "")


def referring_page(request: HttpRequest, *, default: str) -> str:
    """The page with the form, from the Referer header; `default` if that names no page of this site."""
    referrer = urlsplit(request.headers.get("Referer", ""))
    if referrer.netloc != request.get_host():
        return default
    return own_path(f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path)


def own_path(path: str) -> str:
    """The path if it is one of this site, else home."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
