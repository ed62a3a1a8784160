"""Forged requests and their limits: CSRF, redirects, host names, caching, sessions, sign-in attempts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from portal.services.people.demo_people import DEMO_PASSWORD
from tests.deployments_ui.conftest import HTMX
from tests.security import matrix
from tests.security.dataset import Dataset
from tests.security.matrix import ACCESS
from tests.security.test_matrix import own_path, send_and_roll_back

LOGIN = "/accounts/login/"
UNSAFE = sorted(name for name, access in ACCESS.items() if "POST" in access.methods)
# The platform's own app sends its form from another site: tests/security/test_hand_off.py.
FROM_ANOTHER_SITE = {"handoff"}
READABLE = sorted(
    {name for name, access in ACCESS.items() if "GET" in access.methods and not access.is_public} - {"api:unknown"}
)
OTHER_SITES = (
    *("https://evil.example/", "//evil.example/", "///evil.example/", "/\\evil.example/", "\\\\evil.example/"),
    *("https:evil.example", "https:///evil.example", "javascript:alert(1)", "data:text/html,x", "\t//evil.example"),
    *("http://testserver@evil.example/", "http://testserver.evil.example/", "//evil.example\\@testserver/", " //e.x/"),
)


class TestCsrf:
    @pytest.mark.parametrize("name", sorted({*UNSAFE} - FROM_ANOTHER_SITE))
    def test_a_form_from_another_site_is_refused(self, dataset: Dataset, name: str) -> None:
        """Without a token, with an invalid one, with one of another browser, and from another site with a valid one."""
        client = Client(enforce_csrf_checks=True)
        client.force_login(dataset.people["owner"])
        path = own_path(dataset, name, who="owner")
        right = token_for(client, path="/find/")
        others = token_for(Client(enforce_csrf_checks=True), path=LOGIN)
        foreign: list[tuple[dict[str, str], dict[str, Any]]] = [
            ({}, {}),
            ({"csrfmiddlewaretoken": "x" * 64}, {}),
            ({"csrfmiddlewaretoken": others}, {}),
            ({"csrfmiddlewaretoken": right}, {"HTTP_ORIGIN": "https://evil.example"}),
            ({"csrfmiddlewaretoken": right}, {"HTTP_ORIGIN": "null"}),
        ]
        with dataset.expect_no_effect():
            for sent, headers in foreign:
                page = client.post(path, sent, **headers)
                if name == "account_login" and sent and not headers:
                    # The second tab of somebody who is signed in by now: it signs nobody in.
                    assert (page.status_code, page["Location"]) == (303, "/")
                    continue
                assert page.status_code == 403
                assert b"not sent from this portal" in page.content
            part = client.post(path, {}, **HTMX)
        assert part.status_code == 403
        assert part["HX-Retarget"] == "#notices"
        assert b"<html" not in part.content
        assert "_auth_user_id" in client.session

    def test_signing_in_needs_a_csrf_token(self, dataset: Dataset) -> None:
        client = Client(enforce_csrf_checks=True)
        sent = {"login": dataset.people["owner"].email, "password": DEMO_PASSWORD}
        assert client.post(LOGIN, sent).status_code == 403
        assert "_auth_user_id" not in client.session


def token_for(client: Client, *, path: str) -> str:
    page = client.get(path).content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert token
    return token


class TestRedirects:
    @pytest.mark.parametrize("next_", OTHER_SITES)
    def test_next_never_leads_to_another_site(self, dataset: Dataset, next_: str) -> None:
        client = dataset.client("anonymous")
        sent = {"login": dataset.people["owner"].email, "password": DEMO_PASSWORD, "next": next_}
        answers = [client.post(LOGIN, sent), client.get(LOGIN, {"next": next_})]
        answers.append(client.post("/accounts/logout/", {"next": next_}))
        for answer in answers:
            assert answer.status_code == 302
            assert is_local(answer["Location"]), answer["Location"]
        page = dataset.client("anonymous").get(LOGIN, {"next": next_}).content.decode()
        assert (
            'action="/accounts/login/"' in page or 'action=""' in page or "evil" not in page.partition("<form")[2][:200]
        )

    @pytest.mark.parametrize("next_", OTHER_SITES)
    def test_headers_never_lead_to_another_site(self, dataset: Dataset, next_: str) -> None:
        responses = dataset.client("anonymous").get("/find/", **{**HTMX, "HTTP_HX_CURRENT_URL": next_})
        assert responses["HX-Redirect"] == "/accounts/login/?next=%2F"
        if next_.isprintable():
            answer = dataset.client("owner").post("/theme/", {"theme": "dark"}, HTTP_REFERER=next_)
            assert is_local(answer["Location"])


def is_local(address: str) -> bool:
    """As browsers parse it: a backslash is a slash, and tabs are ignored."""
    plain = address.replace("\\", "/").replace("\t", "").strip()
    return plain.startswith("/") and not plain.startswith("//") and not urlsplit(plain).netloc


class TestForgedHeaders:
    def test_an_unknown_host_name_is_refused(self, dataset: Dataset) -> None:
        for host in (
            "evil.example",
            "testserver.evil.example",
            "testserver@evil.example",
            "testserver:80@evil.example",
        ):
            for path in ("/", LOGIN, f"/dns/{dataset.own.secret}/", "/api/v1/customers/"):
                answer = dataset.client("owner").get(path, HTTP_HOST=host)
                assert answer.status_code == 400
                assert "evil.example" not in answer.content.decode() + str(answer.headers)

    def test_headers_of_an_untrusted_proxy_are_ignored(self, dataset: Dataset) -> None:
        forged: dict[str, Any] = {
            "HTTP_X_FORWARDED_HOST": "evil.example",
            "HTTP_X_FORWARDED_PROTO": "https",
            "HTTP_X_FORWARDED_PORT": "81",
        }
        base = f"/c/{dataset.own.slug}/deployments/{dataset.own.deployment_id}/domains/{dataset.own.domain_id}/"
        page = dataset.client("owner").post(f"{base}links/", **forged).content.decode()
        assert "http://testserver/dns/" in page
        assert "evil.example" not in page
        answer = dataset.client("anonymous").get("/find/", **forged)
        assert answer["Location"] == "/accounts/login/?next=/find/"

    def test_a_request_id_sent_by_the_client_is_ignored(self, dataset: Dataset) -> None:
        assert dataset.client("owner").get("/find/", HTTP_X_REQUEST_ID="mine")["X-Request-ID"] != "mine"


class TestCaching:
    @pytest.mark.parametrize("name", READABLE)
    def test_pages_may_not_be_stored(self, dataset: Dataset, name: str) -> None:
        for who in ("owner", "operator"):
            client, path = dataset.client(who), own_path(dataset, name, who=who)
            for headers in ({}, HTMX):
                answer = send_and_roll_back(client, "GET", path, **headers)
                assert is_not_stored(answer), (who, dict(answer.headers))
                if not ACCESS[name].is_json:
                    assert "ETag" not in answer.headers
                assert not {"Last-Modified", "Server"} & set(answer.headers)

    def test_responses_to_forms_and_errors_may_not_be_stored(self, dataset: Dataset) -> None:
        client = dataset.client("owner")
        for name in UNSAFE:
            assert is_not_stored(send_and_roll_back(client, "POST", own_path(dataset, name, who="owner"))), name
        for path in ("/no/such/", "/api/v1/no/", f"/c/{dataset.foreign.slug}/"):
            assert is_not_stored(send_and_roll_back(client, "GET", path))

    def test_the_dns_link_may_not_be_stored(self, dataset: Dataset) -> None:
        assert is_not_stored(send_and_roll_back(dataset.client("anonymous"), "GET", f"/dns/{dataset.own.secret}/"))

    def test_vary_distinguishes_pages_and_parts(self, dataset: Dataset) -> None:
        for path in ("/find/", f"/c/{dataset.own.slug}/", "/no/such/"):
            vary = {
                name.strip().lower()
                for name in send_and_roll_back(dataset.client("owner"), "GET", path)["Vary"].split(",")
            }
            assert {"cookie", "hx-request", "hx-boosted", "hx-history-restore-request"} <= vary

    def test_the_next_person_gets_no_page_of_the_previous_one(self, dataset: Dataset) -> None:
        client = dataset.client("owner")
        page = client.get(f"/c/{dataset.own.slug}/")
        client.logout()
        client.force_login(dataset.people["other_owner"])
        kept: dict[str, Any] = {
            "HTTP_IF_NONE_MATCH": page.headers.get("ETag", "*"),
            "HTTP_IF_MODIFIED_SINCE": "Fri, 01 Jan 2100 00:00:00 GMT",
        }
        assert client.get(f"/c/{dataset.own.slug}/", **kept).status_code == 404
        start = client.get("/", follow=True, **kept)
        assert start.status_code == 200
        assert dataset.own.slug not in start.content.decode()


def is_not_stored(answer: HttpResponse) -> bool:
    return "no-store" in answer["Cache-Control"]


class TestSessions:
    def sign_in(self, client: Client, dataset: Dataset, **headers: Any) -> Any:
        sent = {"login": dataset.people["owner"].email, "password": DEMO_PASSWORD}
        return client.post(LOGIN, sent, **headers)

    def test_signing_in_starts_a_new_session(self, dataset: Dataset) -> None:
        client = dataset.client("anonymous")
        client.cookies[configured.SESSION_COOKIE_NAME] = "chosen-by-somebody-else-0000000"
        client.cookies[configured.CSRF_COOKIE_NAME] = "c" * 32
        assert self.sign_in(client, dataset).status_code == 302
        assert client.cookies[configured.SESSION_COOKIE_NAME].value != "chosen-by-somebody-else-0000000"
        assert client.cookies[configured.CSRF_COOKIE_NAME].value != "c" * 32
        attacker = dataset.client("anonymous")
        attacker.cookies[configured.SESSION_COOKIE_NAME] = "chosen-by-somebody-else-0000000"
        assert attacker.get("/find/").status_code == 302

    def test_signing_in_again_changes_the_session_id(self, dataset: Dataset) -> None:
        client = dataset.client("viewer")
        before = client.cookies[configured.SESSION_COOKIE_NAME].value
        client.post("/accounts/logout/")
        self.sign_in(client, dataset)
        assert client.cookies[configured.SESSION_COOKIE_NAME].value != before
        thief = dataset.client("anonymous")
        thief.cookies[configured.SESSION_COOKIE_NAME] = before
        assert thief.get("/find/").status_code == 302

    def test_the_cookie_is_http_only_and_lax(self, dataset: Dataset) -> None:
        client = dataset.client("anonymous")
        self.sign_in(client, dataset)
        cookie = client.cookies[configured.SESSION_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")

    def test_failed_sign_ins_are_limited_for_any_claimed_ip_address(self, dataset: Dataset) -> None:
        """Counted in the database, which all processes share."""
        client = dataset.client("anonymous")
        tried = {"login": dataset.people["owner"].email, "password": "wrong"}
        for number in range(5):
            client.post(LOGIN, tried, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}", HTTP_X_REAL_IP=f"10.0.1.{number}")
        responses = self.sign_in(dataset.client("anonymous"), dataset, HTTP_X_FORWARDED_FOR="10.9.9.9")
        assert responses.status_code != 302
        for number in range(40):
            answer = client.post(LOGIN, {**tried, "login": f"{number}@x.test"}, HTTP_X_FORWARDED_FOR=f"10.1.0.{number}")
        assert "too many attempts" in answer.content.decode()


class TestDnsLinkLimit:
    """How often the link may be opened from one IP address."""

    def open_link(self, dataset: Dataset, forwarded_for: str) -> int:
        path = f"/dns/{dataset.own.secret}/"
        return int(dataset.client("anonymous").get(path, HTTP_X_FORWARDED_FOR=forwarded_for).status_code)

    def test_a_claimed_ip_address_does_not_evade_the_limit(self, dataset: Dataset) -> None:
        responses = [self.open_link(dataset, f"203.0.113.{number}") for number in range(130)]
        assert responses[0] == 200
        assert 503 in responses

    def test_behind_a_proxy_each_ip_address_has_its_own_limit(self, dataset: Dataset, settings: Settings) -> None:
        """By the IP address that the proxy reports, not by what clients claim."""
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        responses = [self.open_link(dataset, f"203.0.113.{number}, 198.51.100.7") for number in range(130)]
        assert 503 in responses
        assert self.open_link(dataset, "198.51.100.8") == 200

    def test_addresses_of_one_ipv6_network_share_a_limit(self, dataset: Dataset, settings: Settings) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        responses = [self.open_link(dataset, f"2001:db8::{number}") for number in range(130)]
        assert 503 in responses
        assert self.open_link(dataset, "2001:db8:0:1::1") == 200


def test_the_unsafe_urls_are_known() -> None:
    assert {name for name, _arguments in matrix.list_url_names()} >= set(UNSAFE)
    assert len(UNSAFE) > 20
