"""What stands before the views: sign-in, a second factor, a recent sign-in, and a limit for bodies.

A new view is private unless it says `login_not_required` (or is allauth's own entrance).
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from deployments_ui import errors, links
from deployments_ui.htmx import Request, wants_part
from portal.services.accounts import security
from portal.sign_in import session_facts

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

# Names of URLs: setting one up, what these pages are made of, confirming who one is for that, and leaving.
OPEN_WITHOUT_SECOND_FACTOR = ("mfa_", "account_", "theme", "asset", "brand_", "manifest", "handoff")
NEEDS_SECOND_FACTOR = _("Set up a second factor first: your role needs one.")


class SignInMiddleware(LoginRequiredMiddleware):
    """Sends people without a session to sign in. htmx gets a header: a redirect would put that page into this one."""

    def handle_no_permission(  # type: ignore[override]  # the stubs know redirects only
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        if not wants_part(request):
            return super().handle_no_permission(request, view_func)
        url = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({self.redirect_field_name: page_of(request)})}"
        return HttpResponse(status=401, headers={"HX-Redirect": url})


class SecondFactorMiddleware:
    """Sends people who must have a second factor, and have none, to set one up. Nothing else is open to them.

    Whoever comes from an OpenID provider or from the platform's own app has signed in there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if not settings.SECOND_FACTOR_FOR or not request.user.is_authenticated:
            return None
        match = request.resolver_match
        name = (match.url_name or "") if match is not None else ""
        is_open = name == "profile" or name.startswith(OPEN_WITHOUT_SECOND_FACTOR)
        is_foreign = request.session.get(session_facts.WAY) in session_facts.FOREIGN_WAYS
        if is_open or is_foreign or not security.needs_second_factor(request.user):
            return None
        if request.path.startswith("/api/"):
            return problem(HTTPStatus.FORBIDDEN, str(NEEDS_SECOND_FACTOR))
        if wants_part(request):
            return HttpResponse(status=403, headers={"HX-Redirect": links.profile()})
        messages.info(request, NEEDS_SECOND_FACTOR)
        return HttpResponseRedirect(links.profile())


def require_recent_sign_in(view: View) -> View:
    """For what is sensitive: the person has signed in, or confirmed who they are, within the last five minutes.

    A form that is sent too late stays open: the confirmation opens in another tab.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated or session_facts.is_recent(request.session):
            return view(request, *args, **kwargs)
        if request.method not in {"GET", "HEAD"}:
            return errors.show_not_confirmed(request)
        url = links.confirmation(request.get_full_path())
        if wants_part(request):
            return HttpResponse(status=403, headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)

    return cast(View, wrapper)


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
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(errors.TEXTS[413].text))


def problem(status: HTTPStatus, detail: str) -> JsonResponse:
    """For the JSON API, before one of its views is reached."""
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def page_of(request: Request) -> str:
    """The page that sent the htmx request, to return to; home for another site's, and for what is no address."""
    try:
        return own_path(request.htmx.current_url_abs_path or "")
    except ValueError:
        return "/"


def referring_page(request: HttpRequest, *, default: str) -> str:
    """The page with the form, from the Referer header; `default` if that names no page of this site."""
    try:
        referrer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return default
    if referrer.netloc != request.get_host():
        return default
    return own_path(f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path)


def own_path(path: str) -> str:
    """The path if it is one of this site, else home."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
