"""Middleware: tells the audit log where changes come from, and records the requests that left no event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django_htmx.middleware import HtmxDetails

from portal.client_address import get_client_address, get_network
from portal.permissions import Person
from portal.services.audit.record import Origin, Outcome, Way, changes_from
from portal.services.audit.requests import AnsweredRequest, record_request

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# These change nothing that anybody would look for: open pages send the first two by themselves, every few seconds.
UNRECORDED = frozenset({
    "deployment_refresh", "history_refresh", "settings_brand_new_preview", "settings_brand_preview", "theme",
})  # fmt: skip
# Arguments of URLs that are no secrets. All others are hidden, also those of URLs to come.
SHOWN = frozenset({
    "brand_id", "build_id", "customer", "deployment_id", "domain_id", "instance_id", "link_id", "name", "page",
    "person_id", "pk", "slug", "tag", "user_id", "version_id",
})  # fmt: skip
HIDDEN = "…"
ACCOUNT_PAGES, SIGN_IN_PAGE = "/accounts/", "/accounts/login/"


class AuditedRequest(HttpRequest):
    """A request below AuditMiddleware. For annotations only."""

    htmx: HtmxDetails
    origin: Origin
    person: Person
    request_id: str


class AuditMiddleware:
    """Each unsafe request leaves an event, and so does each page that is refused.

    Services record what they change; this adds what they did not, such as attempts that were refused.
    """

    def __init__(self, get_response: Callable[[Any], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: AuditedRequest) -> HttpResponseBase:
        address = get_client_address(request)
        request.origin = Origin(Way.NOBODY, address=address, request_id=request.request_id)
        with changes_from(request.origin):
            response = self.get_response(request)
            if request.origin.recorded == 0 and (request.method not in SAFE or is_refused_page(request, response)):
                self.record_rest(request, response)
        return response

    def process_view(self, request: AuditedRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        request.origin.way = find_way(request, kwargs)

    def record_rest(self, request: AuditedRequest, response: HttpResponseBase) -> None:
        view, kwargs, path = describe_url(request)
        request.origin.way = find_way(request, kwargs)
        is_account_page = request.path.startswith(ACCOUNT_PAGES)  # these lead to each other
        target = urlsplit(response.get("Location", "") or response.get("HX-Redirect", "")).path
        by = request.person if request.person.id else None
        answered = AnsweredRequest(
            method=(request.method or "")[:20],
            path=path,
            slug=str(kwargs.get("slug", "")),
            # allauth shows a form with errors with the status 200, and goes on after everything that was done.
            status=400 if is_account_page and response.status_code == 200 else response.status_code,
            sender=f"person:{by.id}" if by else f"network:{get_network(request.origin.address)}",
            is_part=bool(request.htmx),
            needs_sign_in=target == SIGN_IN_PAGE if is_account_page else target.startswith(ACCOUNT_PAGES),
        )
        if view not in UNRECORDED or answered.outcome is not Outcome.DONE:
            record_request(answered, by=by)


def is_refused_page(request: AuditedRequest, response: HttpResponseBase) -> bool:
    """Others' pages and those that don't exist are answered alike, and take the same time: both are recorded."""
    if request.method not in {"GET", "HEAD"}:
        return False
    is_hidden = response.status_code == 404 and request.resolver_match is not None and request.person.id != 0
    return response.status_code in {403, 429} or (is_hidden and not request.person.is_operator)


def find_way(request: AuditedRequest, kwargs: dict[str, Any]) -> Way:
    if request.person.id:
        return Way.HAND_OFF if request.session.get("way") == Way.HAND_OFF else Way.SESSION
    return Way.LINK if "secret" in kwargs else Way.NOBODY


def describe_url(request: HttpRequest) -> tuple[str, dict[str, Any], str]:
    """The URL's name, its arguments, and its path without what may be secret.

    An address that does not exist may be a secret link that was mistyped, so only its beginning is shown.
    """
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        first = request.path.strip("/").partition("/")
        return "", {}, f"/{first[0]}/{HIDDEN}" if first[2] else f"/{HIDDEN}"
    kwargs, path = match.kwargs, request.path
    for name, value in kwargs.items():
        if name not in SHOWN and isinstance(value, str):
            path = path.replace(value, HIDDEN)
    return match.view_name, kwargs, path
