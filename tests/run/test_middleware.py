"""What middleware adds to every request and response."""

from typing import cast

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from portal.middleware import (
    NOBODY,
    NoStoreMiddleware,
    PortalRequest,
    RequestMiddleware,
    TimeZoneMiddleware,
    find_person,
)
from tests.people import People

LOGIN = "/accounts/login/"

pytestmark = pytest.mark.postgres


def show_time_zone(request: HttpRequest) -> HttpResponse:
    return HttpResponse(timezone.get_current_timezone_name())


@pytest.mark.django_db
def test_security_headers(client: Client) -> None:
    headers = client.get(LOGIN).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Server" not in headers


@pytest.mark.django_db
def test_request_ids_are_generated_and_not_taken_from_the_request(client: Client) -> None:
    first = client.get(LOGIN, headers={"X-Request-ID": "mine"})
    second = client.get(LOGIN, headers={"X-Request-ID": "mine"})
    ids = {first["X-Request-ID"], second["X-Request-ID"]}
    assert len(ids) == 2
    assert "mine" not in ids


def test_a_view_sees_the_request_id(rf: RequestFactory) -> None:
    def show_id(request: PortalRequest) -> HttpResponse:
        return HttpResponse(request.request_id)

    response = RequestMiddleware(show_id)(cast(PortalRequest, rf.get("/")))
    assert isinstance(response, HttpResponse)
    assert response["X-Request-ID"] == response.content.decode()


@pytest.mark.parametrize(
    ("cookie", "shown"),
    [("Europe/Berlin", "Europe/Berlin"), ("../../etc/passwd", "UTC"), ("", "UTC"), ("x" * 9000, "UTC")],
)
def test_times_are_shown_in_the_time_zone_of_the_browser(rf: RequestFactory, cookie: str, shown: str) -> None:
    request = rf.get("/")
    request.COOKIES["tz"] = cookie
    response = TimeZoneMiddleware(show_time_zone)(request)
    assert isinstance(response, HttpResponse)
    assert response.content.decode() == shown
    assert timezone.get_current_timezone_name() == "UTC"


def test_browsers_must_not_store_pages_of_a_session(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.COOKIES["sessionid"] = "anything"
    assert NoStoreMiddleware(show_time_zone)(request)["Cache-Control"] == "no-store"
    assert not NoStoreMiddleware(show_time_zone)(rf.get("/")).has_header("Cache-Control")


@pytest.mark.django_db
def test_nor_the_pages_of_signing_in_and_out(client: Client, people: People) -> None:
    client.force_login(people.owner)
    assert "no-store" in client.get(LOGIN)["Cache-Control"]
    assert "no-store" in client.post("/accounts/logout/")["Cache-Control"]
    assert client.get("/accounts/logout/").status_code in {302, 405}


def test_without_a_sign_in_the_person_has_no_permissions(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    assert find_person(request) is NOBODY
    assert NOBODY.scope == frozenset()
    assert not NOBODY.is_staff
