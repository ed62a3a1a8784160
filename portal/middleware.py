"""Middleware: request id and log line, the signed-in person, the time zone, and `Cache-Control`."""

from __future__ import annotations

import secrets
import time
import zoneinfo
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, cast

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from portal import metrics
from portal.client_address import get_client_address
from portal.permissions import Person
from portal.services import durability, people
from portal.services.brands import current

GetResponse = Callable[[Any], HttpResponseBase]

NOBODY = Person(id=0, name="", email="")
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
        "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
        "xr-spatial-tracking",
    )
)  # fmt: skip

log = structlog.get_logger(__name__)


class PortalRequest(HttpRequest):
    """A request after the middleware of this file and of django-htmx. For annotations only."""

    htmx: Any
    person: Person
    request_id: str


class RequestMiddleware:
    """Generates the request id, adds it to every log line, and logs the request when it has been answered.

    An id that was sent with the request is ignored: it would let anyone write into our logs and into MIOSA's.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: PortalRequest) -> HttpResponseBase:
        request.request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id, address=get_client_address(request)[:60])
        started = time.monotonic()
        response = self.get_response(request)
        elapsed = time.monotonic() - started
        response["X-Request-ID"] = request.request_id
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        name = request.resolver_match.view_name if request.resolver_match else ""
        metrics.count_request(method=request.method or "", view=name, status=response.status_code, seconds=elapsed)
        person = request.__dict__.get("person")  # without a query, if no view was reached
        log.info(
            "request", method=request.method, path=request.path, view=name, status=response.status_code,
            ms=round(elapsed * 1000, 1), person=person.email if type(person) is Person else "",
        )  # fmt: skip
        return response


SIGN_IN_PATHS = ("/accounts/", "/handoff/", "/invitations/")
# A page that signs in: the provider's redirect leads to it.
PROVIDER_CALLBACK = "/accounts/single-sign-on/callback/"


class LockWaitMiddleware:
    """How long a request waits for SQLite's one writer: a page hardly at all, a change a second, a sign-in longer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with self.wait_for(request):
            return self.get_response(request)

    def wait_for(self, request: HttpRequest) -> AbstractContextManager[None]:
        if request.method in {"GET", "HEAD"} and request.path != PROVIDER_CALLBACK:
            return durability.page_lock_wait()
        if request.path.startswith(SIGN_IN_PATHS):
            return durability.sign_in_lock_wait()
        return durability.change_lock_wait()


class PersonMiddleware:
    """Sets `request.person`, with permissions. Without a sign-in it is NOBODY, who has none."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: PortalRequest) -> HttpResponseBase:
        request.person = cast(Person, SimpleLazyObject(lambda: find_person(request)))
        return self.get_response(request)

    def process_view(self, request: PortalRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Replaces the lazy object: a view may read hundreds of attributes of the person."""
        request.person = find_person(request)


def find_person(request: HttpRequest) -> Person:
    return people.get_person(cast(Any, request.user)) or NOBODY


class BrandMiddleware:
    """Mails that are written while a request is answered have the brand of its host. An unknown host has none."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with current.requested_at(request.get_host()):
            return self.get_response(request)


class TimeZoneMiddleware:
    """Shows times in the person's zone, else in that of the cookie `tz`, which the browser sets, else in TIME_ZONE."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        name = getattr(user, "time_zone", "") or request.COOKIES.get("tz", "")
        if name not in known_time_zones():
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(name)):
            return self.get_response(request)


@lru_cache(maxsize=1)
def known_time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


class NoStoreMiddleware:
    """Keeps browsers from storing pages of signed-in people, so that Back shows nothing after signing out.

    Every request with a session cookie counts as signed in. What a view marks as public is for everybody: shared caches
    may keep it, so it carries no cookie of whoever fetched it first.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if "public" in response.get("Cache-Control", ""):
            response.cookies.clear()
            kept = [name for name in response.get("Vary", "").split(", ") if name and name != "Cookie"]
            response["Vary"] = ", ".join(kept)
            return response
        if settings.SESSION_COOKIE_NAME in request.COOKIES or settings.SESSION_COOKIE_NAME in response.cookies:
            response["Cache-Control"] = "no-store"
            patch_vary_headers(response, ("Cookie",))
        return response
