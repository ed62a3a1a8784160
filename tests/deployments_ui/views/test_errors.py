"""When there is no page: an honest status, calm words, no trace of anybody."""

from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from deployments_ui import errors
from portal import urls as portal_urls
from portal.permissions import Role
from portal.services import errors as service_errors
from tests.deployments_ui.conftest import HTMX
from tests.deployments_ui.page_rules import Browse, text_of
from tests.people import People


def raises(error: Exception) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


handler400, handler403 = portal_urls.handler400, portal_urls.handler403
handler404, handler500 = portal_urls.handler404, portal_urls.handler500
CASES: dict[str, tuple[int, Exception, str]] = {
    "bad": (400, BadRequest("x"), "be read"),
    "invalid": (400, service_errors.Invalid({"when": "That day does not exist."}), "That day does not exist."),
    "forbidden": (403, service_errors.Forbidden("Not you.", who_can=(Role.OPERATOR,)), "operators"),
    "missing": (404, service_errors.NotFound(), "Page not found"),
    "conflict": (409, service_errors.Conflict("Ana was quicker."), "Ana was quicker."),
    "broken": (500, RuntimeError("secret detail"), "Something went wrong on our side"),
    "away": (503, service_errors.Unavailable("It does not answer.", retry_after_s=7.2), "It does not answer."),
}
urlpatterns = [*portal_urls.urlpatterns, *(path(f"{name}/", raises(case[1])) for name, case in CASES.items())]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("name", CASES)
class TestEveryError:
    def test_it_is_a_page(self, people: People, name: str) -> None:
        client = Client(raise_request_exception=False)
        client.force_login(people.viewer)
        status, _error, words = CASES[name]
        page = text_of(client, f"/{name}/", status=status)
        assert words in page
        assert "secret detail" not in page
        assert "miosa" not in page.lower()

    def test_it_is_a_notice_for_htmx(self, people: People, name: str) -> None:
        client = Client(raise_request_exception=False)
        client.force_login(people.viewer)
        answer = client.get(f"/{name}/", **HTMX)
        assert answer.status_code == CASES[name][0]
        assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#notices", "innerHTML")
        assert b"<html" not in answer.content


@pytest.mark.urls(__name__)
def test_unavailable_sends_retry_after(people: People, browse: Browse) -> None:
    assert browse(people.viewer).get("/away/")["Retry-After"] == "8"


@pytest.mark.urls(__name__)
def test_a_server_error_shows_an_incident_number(people: People) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(people.viewer)
    answer = client.get("/broken/")
    assert answer["X-Request-ID"] in answer.content.decode()


def test_without_access_the_page_is_the_same_as_a_missing_one(people: People, browse: Browse) -> None:
    nobody = text_of(browse(None), "/no/such/place/", status=404)
    assert "Page not found" in nobody
    assert "sign in" in nobody
    # Only people who are signed in have a search.
    assert "search" not in nobody.partition("<main")[2]
    known = text_of(browse(people.outsider), "/no/such/place/", status=404)
    assert "Page not found" in known
    assert "or search" in known


def test_too_many_tries_show_how_long_to_wait(people: People) -> None:
    answer = errors.too_many(RequestFactory().get("/"))
    assert answer.status_code == 429
    assert b"Too many requests" in answer.content


def test_failed_sign_ins_are_limited(people: People, browse: Browse) -> None:
    client = browse(None)
    for _try in range(6):
        answer = client.post("/accounts/login/", {"login": "owner@brightsmile.test", "password": "wrong"})
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert "too many attempts to sign in. Try again in" in page
    assert 'value="owner@brightsmile.test"' in page
