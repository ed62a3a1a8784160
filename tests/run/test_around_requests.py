"""What surrounds every request: headers, ids, local time, health, metrics."""

from typing import cast

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from portal import heartbeat
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


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(timezone.get_current_timezone_name())


@pytest.mark.django_db
def test_headers_of_a_page(client: Client) -> None:
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
def test_a_request_id_is_minted_and_never_taken_over(client: Client) -> None:
    first = client.get(LOGIN, headers={"X-Request-ID": "mine"})
    second = client.get(LOGIN, headers={"X-Request-ID": "mine"})
    ids = {first["X-Request-ID"], second["X-Request-ID"]}
    assert len(ids) == 2
    assert "mine" not in ids


@pytest.mark.parametrize(
    ("cookie", "shown"),
    [("Europe/Berlin", "Europe/Berlin"), ("../../etc/passwd", "UTC"), ("", "UTC"), ("x" * 9000, "UTC")],
)
def test_times_are_shown_in_the_zone_of_the_browser(rf: RequestFactory, cookie: str, shown: str) -> None:
    request = rf.get("/")
    request.COOKIES["tz"] = cookie
    response = TimeZoneMiddleware(answer)(request)
    assert isinstance(response, HttpResponse)
    assert response.content.decode() == shown
    assert timezone.get_current_timezone_name() == "UTC"


def test_signed_in_answers_are_not_kept_by_browsers(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.COOKIES["sessionid"] = "anything"
    assert NoStoreMiddleware(answer)(request)["Cache-Control"] == "no-store"
    assert not NoStoreMiddleware(answer)(rf.get("/")).has_header("Cache-Control")


@pytest.mark.django_db
def test_signing_in_and_out_leaves_nothing_to_keep(client: Client, people: People) -> None:
    client.force_login(people.owner)
    assert "no-store" in client.get(LOGIN)["Cache-Control"]
    assert "no-store" in client.post("/accounts/logout/")["Cache-Control"]
    assert client.get("/accounts/logout/").status_code in {302, 405}


def test_nobody_is_somebody_without_rights(rf: RequestFactory) -> None:
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415  # needs the settings

    request = rf.get("/")
    request.user = AnonymousUser()
    assert find_person(request) is NOBODY
    assert NOBODY.scope == frozenset()
    assert not NOBODY.is_staff


class TestHealth:
    def test_alive_tells_one_word(self, client: Client) -> None:
        response = client.get("/healthz", headers={"Host": "whatever.example"})
        assert (response.status_code, response.content) == (200, b"ok")

    @pytest.mark.django_db
    def test_ready_tells_one_word(self, client: Client) -> None:
        response = client.get("/readyz", headers={"Host": "10.0.0.7"})
        assert (response.status_code, response.content) == (200, b"ok")

    @pytest.mark.django_db(transaction=True)
    def test_not_ready_while_the_database_refuses(self, client: Client) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("a locked file is SQLite's own trouble")
        import sqlite3  # noqa: PLC0415

        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            response = client.get("/readyz")
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert (response.status_code, response.content) == (503, b"not ready")
        assert client.get("/readyz").status_code == 200

    def test_health_only_answers_reading(self, client: Client) -> None:
        assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
class TestMetrics:
    @pytest.fixture(autouse=True)
    def token(self, settings: Settings) -> None:
        settings.METRICS_TOKEN = "a-token-of-some-length"

    @pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "a-token-of-some-length", "Bearer é"])
    def test_nobody_without_the_token(self, client: Client, given: str) -> None:
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404

    def test_nobody_at_all_without_a_token_set(self, client: Client, settings: Settings) -> None:
        settings.METRICS_TOKEN = ""
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    def test_counts(self, client: Client) -> None:
        heartbeat.beat()
        client.get(LOGIN)
        page = client.get("/metrics", headers={"Authorization": "Bearer a-token-of-some-length"}).content.decode()
        assert 'portal_requests_total{method="GET",status="200",view="account_login"}' in page
        assert "portal_worker_heartbeat_age_seconds" in page


def test_an_id_is_there_for_whoever_answers(rf: RequestFactory) -> None:
    def repeat(request: PortalRequest) -> HttpResponse:
        return HttpResponse(request.request_id)

    response = RequestMiddleware(repeat)(cast(PortalRequest, rf.get("/")))
    assert isinstance(response, HttpResponse)
    assert response["X-Request-ID"] == response.content.decode()
