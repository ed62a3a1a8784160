"""Errors have one format and reveal nothing about the software; requests are rate-limited."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404
from pytest_django import Settings
from rest_framework import exceptions
from rest_framework.settings import api_settings
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from portal.api import problems, throttling
from portal.api.throttling import Counter
from portal.models import AuditEvent
from portal.permissions import Role
from portal.services import errors
from tests.api.conftest import API, OWN, ApiClient, StoredObjects
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], ApiClient]
STACK = re.compile(
    r"django|drf|rest_framework|python|uvicorn|whitenoise|spectacular|traceback|sqlite|postgres|/srv/|\.py\b", re.I
)


@pytest.mark.parametrize(
    ("error", "status", "members"),
    [
        (errors.NotFound(), 404, {}),
        (errors.Forbidden("Not you.", who_can=(Role.OPERATOR,)), 403, {"detail": "Not you.", "who_can": ["operator"]}),
        (errors.Invalid({"reason": "Say why."}), 422, {"errors": [{"name": "reason", "detail": "Say why."}]}),
        (errors.Conflict("Ana was quicker."), 409, {"detail": "Ana was quicker."}),
        (errors.Unavailable("Later.", retry_after_s=1.2), 503, {"detail": "Later."}),
        (errors.Unavailable("Later."), 503, {"detail": "Later."}),
        (errors.ServiceError("Odd."), 500, {}),
        (exceptions.ParseError("JSON parse error - Expecting value"), 400, {}),
        (exceptions.ValidationError({"x": ["y"]}), 400, {}),
        (exceptions.NotAuthenticated("x"), 401, {}),
        (exceptions.AuthenticationFailed("x"), 401, {}),
        (exceptions.PermissionDenied("CSRF Failed: CSRF token missing."), 403, {}),
        (exceptions.MethodNotAllowed("POST"), 405, {}),
        (exceptions.NotAcceptable(), 406, {}),
        (exceptions.UnsupportedMediaType("text/html"), 415, {}),
        (exceptions.Throttled(wait=3.4), 429, {}),
        (Http404("secret"), 404, {}),
        (PermissionDenied("secret"), 403, {}),
    ],
)
def test_each_error_is_a_problem_with_its_status(error: Exception, status: int, members: dict[str, Any]) -> None:
    response = problems.exception_handler(error, {})
    body = response.data
    assert (response.status_code, body["status"], body["type"]) == (status, status, "about:blank")
    assert response.content_type == "application/problem+json"
    assert {name: body[name] for name in members} == members
    assert set(body) <= {"type", "title", "status", "detail", "who_can", "errors"}
    assert body["title"]
    assert body["detail"]
    assert ("Retry-After" in response.headers) == (status in {429, 503})
    assert "secret" not in str(body)
    assert "CSRF" not in str(body)


def test_a_server_error_has_the_request_id_and_no_details(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, people: object
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret of the inside, in /srv/portal.py")

    monkeypatch.setattr("portal.services.visits.open_list_after", broken)
    response = ask("owner").get(f"{API}/customers/")
    body = response.json()
    assert response.status_code == 500
    assert set(body) == {"type", "title", "status", "detail", "request_id"}
    assert body["request_id"] == response["X-Request-ID"]
    assert not STACK.search(response.content.decode())
    assert "secret" not in response.content.decode()


def test_a_server_error_is_reported_as_an_exception(monkeypatch: pytest.MonkeyPatch, people: Any) -> None:
    client = ApiClient(people.owner)
    client.raise_request_exception = True

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("portal.services.visits.open_list_after", broken)
    with pytest.raises(RuntimeError, match="inside"):
        client.get(f"{API}/customers/")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json;version=2"])
def test_responses_are_json_only(ask: Ask, people: object, accept: str) -> None:
    response = ask("owner").get(f"{API}/customers/", headers={"Accept": accept})
    assert response.status_code in {200, 406}
    assert response["Content-Type"] in {"application/json", "application/problem+json"}


def test_a_browser_gets_json(ask: Ask, people: object) -> None:
    response = ask("owner").get(f"{API}/customers/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_responses_do_not_reveal_the_software(ask: Ask, stored: StoredObjects) -> None:
    for path in (f"{API}/customers/", f"{OWN}/history/", f"{API}/schema/", f"{API}/nowhere/"):
        for response in (ask("owner").get(path), ask("anonymous").get(path), ask("owner").post(path)):
            data = response.content.decode() + str(dict(response.headers))
            assert not STACK.search(data), STACK.search(data)


def test_requests_are_rate_limited_per_person(ask: Ask, people: object, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "person", "5/hour")
    client = ask("owner")
    assert [client.get(f"{API}/customers/").status_code for _ in range(7)] == [200] * 5 + [429] * 2
    response = client.get(f"{API}/customers/", headers={"X-Forwarded-For": "192.0.2.7"})
    assert response.status_code == 429
    event = AuditEvent.objects.get()  # of many within a minute
    assert (event.outcome, event.target) == ("refused", "GET /api/v1/customers/")
    assert 0 < int(response["Retry-After"]) <= 3600
    assert response.json()["title"] == "Too Many Requests"
    assert ask("viewer").get(f"{API}/customers/").status_code == 200


def test_processes_share_the_rate_limit(db: None) -> None:
    cache.clear()
    one, other = Counter(), Counter()
    allowed = 0
    for _round in range(400):
        allowed += one.is_allowed(1, window=7, seconds=60, most=600)
        allowed += other.is_allowed(1, window=7, seconds=60, most=600)
    assert 560 <= allowed <= 640
    assert one.is_allowed(1, window=8, seconds=60, most=600)
    assert other.is_allowed(2, window=7, seconds=60, most=600)


def test_the_rate_is_generous(settings: Settings) -> None:
    rate = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["person"]
    throttle = throttling.PersonThrottle()
    assert throttle.most / throttle.seconds >= 5, rate


def test_an_unsafe_method_would_need_a_csrf_token(people: Any) -> None:
    """Nothing can be changed yet. Once something can, it needs a CSRF token besides the session."""

    class Changing(APIView):
        def post(self, request: object) -> None:
            raise AssertionError("asked without a token")

    request = APIRequestFactory(enforce_csrf_checks=True).post("/")
    request.user = people.owner
    assert Changing.as_view()(request).status_code == 403


def test_errors_of_miosa_are_not_passed_on(ask: Ask, stored: StoredObjects, simulator: SimulatorControl) -> None:
    simulator.fault(times=1000, status=500, body="canary-upstream-text")
    for path in (f"{OWN}/history/", f"{OWN}/deployments/{stored.deployment}/"):
        assert "canary-upstream-text" not in ask("owner").get(path).content.decode()
