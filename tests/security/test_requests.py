"""Requests that somebody else had made, forged or kept: CSRF, sessions, `next`, hosts, caches, tries at signing in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from portal.services.people import DEMO_PASSWORD
from tests.deployments_ui.conftest import HTMX
from tests.security import matrix
from tests.security.matrix import DOORS
from tests.security.test_matrix import asked, own_path
from tests.security.world import World

LOGIN = "/accounts/login/"
UNSAFE = sorted(name for name, door in DOORS.items() if "POST" in door.methods)
READABLE = sorted({name for name, door in DOORS.items() if "GET" in door.methods} - {"api:nowhere"})
ELSEWHERE = (
    *("https://evil.example/", "//evil.example/", "///evil.example/", "/\\evil.example/", "\\\\evil.example/"),
    *("https:evil.example", "https:///evil.example", "javascript:alert(1)", "data:text/html,x", "\t//evil.example"),
    *("http://testserver@evil.example/", "http://testserver.evil.example/", "//evil.example\\@testserver/", " //e.x/"),
)


class TestForgery:
    @pytest.mark.parametrize("name", UNSAFE)
    def test_a_form_from_elsewhere_does_nothing(self, world: World, name: str) -> None:
        """Without a token, with a made-up one, with one of another browser, and from another site with a right one."""
        client = Client(enforce_csrf_checks=True)
        client.force_login(world.people["owner"])
        path = own_path(world, name, who="owner")
        right = token_for(client, path="/find/")
        others = token_for(Client(enforce_csrf_checks=True), path=LOGIN)
        foreign: list[tuple[dict[str, str], dict[str, Any]]] = [
            ({}, {}),
            ({"csrfmiddlewaretoken": "x" * 64}, {}),
            ({"csrfmiddlewaretoken": others}, {}),
            ({"csrfmiddlewaretoken": right}, {"HTTP_ORIGIN": "https://evil.example"}),
            ({"csrfmiddlewaretoken": right}, {"HTTP_ORIGIN": "null"}),
        ]
        with world.nothing_happens():
            for sent, headers in foreign:
                page = client.post(path, sent, **headers)
                assert page.status_code == 403
                assert b"not sent from this portal" in page.content
            part = client.post(path, {}, **HTMX)
        assert part.status_code == 403
        assert part["HX-Retarget"] == "#notices"
        assert b"<html" not in part.content
        assert "_auth_user_id" in client.session

    def test_signing_in_can_be_forged_by_nobody(self, world: World) -> None:
        client = Client(enforce_csrf_checks=True)
        sent = {"login": world.people["owner"].email, "password": DEMO_PASSWORD}
        assert client.post(LOGIN, sent).status_code == 403
        assert "_auth_user_id" not in client.session


def token_for(client: Client, *, path: str) -> str:
    page = client.get(path).content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert token
    return token


class TestLeadingElsewhere:
    @pytest.mark.parametrize("next_", ELSEWHERE)
    def test_signing_in_and_out_lead_home(self, world: World, next_: str) -> None:
        client = world.client("anonymous")
        sent = {"login": world.people["owner"].email, "password": DEMO_PASSWORD, "next": next_}
        answers = [client.post(LOGIN, sent), client.get(LOGIN, {"next": next_})]
        answers.append(client.post("/accounts/logout/", {"next": next_}))
        for answer in answers:
            assert answer.status_code == 302
            assert stays_here(answer["Location"]), answer["Location"]
        page = world.client("anonymous").get(LOGIN, {"next": next_}).content.decode()
        assert (
            'action="/accounts/login/"' in page or 'action=""' in page or "evil" not in page.partition("<form")[2][:200]
        )

    @pytest.mark.parametrize("next_", ELSEWHERE)
    def test_neither_do_headers(self, world: World, next_: str) -> None:
        told = world.client("anonymous").get("/find/", **{**HTMX, "HTTP_HX_CURRENT_URL": next_})
        assert told["HX-Redirect"] == "/accounts/login/?next=%2F"
        if next_.isprintable():
            answer = world.client("owner").post("/theme/", {"theme": "dark"}, HTTP_REFERER=next_)
            assert stays_here(answer["Location"])


def stays_here(address: str) -> bool:
    """As a browser understands it, for which a backslash is a slash and a tab is nothing."""
    plain = address.replace("\\", "/").replace("\t", "").strip()
    return plain.startswith("/") and not plain.startswith("//") and not urlsplit(plain).netloc


class TestForgedHeaders:
    def test_another_host_is_refused(self, world: World) -> None:
        for host in (
            "evil.example",
            "testserver.evil.example",
            "testserver@evil.example",
            "testserver:80@evil.example",
        ):
            for path in ("/", LOGIN, f"/dns/{world.own.secret}/", "/api/v1/customers/"):
                answer = world.client("owner").get(path, HTTP_HOST=host)
                assert answer.status_code == 400
                assert "evil.example" not in answer.content.decode() + str(answer.headers)

    def test_what_a_proxy_would_say_is_believed_of_nobody(self, world: World) -> None:
        forged: dict[str, Any] = {
            "HTTP_X_FORWARDED_HOST": "evil.example",
            "HTTP_X_FORWARDED_PROTO": "https",
            "HTTP_X_FORWARDED_PORT": "81",
        }
        base = f"/c/{world.own.slug}/deployments/{world.own.deployment_id}/domains/{world.own.domain_id}/"
        page = world.client("owner").post(f"{base}links/", **forged).content.decode()
        assert "http://testserver/dns/" in page
        assert "evil.example" not in page
        answer = world.client("anonymous").get("/find/", **forged)
        assert answer["Location"] == "/accounts/login/?next=/find/"

    def test_an_id_of_a_request_is_not_taken_over(self, world: World) -> None:
        assert world.client("owner").get("/find/", HTTP_X_REQUEST_ID="mine")["X-Request-ID"] != "mine"


class TestKeeping:
    @pytest.mark.parametrize("name", READABLE)
    def test_no_browser_keeps_what_somebody_was_shown(self, world: World, name: str) -> None:
        for who in ("owner", "operator"):
            client, path = world.client(who), own_path(world, name, who=who)
            for headers in ({}, HTMX):
                answer = asked(client, "GET", path, **headers)
                assert keeps_nothing(answer), (who, dict(answer.headers))
                if not DOORS[name].is_json:
                    assert "ETag" not in answer.headers
                assert not {"Last-Modified", "Server"} & set(answer.headers)

    def test_neither_answers_to_forms_nor_errors(self, world: World) -> None:
        client = world.client("owner")
        for name in UNSAFE:
            assert keeps_nothing(asked(client, "POST", own_path(world, name, who="owner"))), name
        for path in ("/no/such/", "/api/v1/no/", f"/c/{world.foreign.slug}/"):
            assert keeps_nothing(asked(client, "GET", path))

    def test_the_link_without_sign_in_is_kept_by_nobody(self, world: World) -> None:
        assert keeps_nothing(asked(world.client("anonymous"), "GET", f"/dns/{world.own.secret}/"))

    def test_page_and_part_are_told_apart_by_whoever_keeps(self, world: World) -> None:
        for path in ("/find/", f"/c/{world.own.slug}/", "/no/such/"):
            vary = {name.strip().lower() for name in asked(world.client("owner"), "GET", path)["Vary"].split(",")}
            assert {"cookie", "hx-request", "hx-boosted", "hx-history-restore-request"} <= vary

    def test_the_next_person_is_not_the_former(self, world: World) -> None:
        client = world.client("owner")
        page = client.get(f"/c/{world.own.slug}/")
        client.logout()
        client.force_login(world.people["other_owner"])
        kept: dict[str, Any] = {
            "HTTP_IF_NONE_MATCH": page.headers.get("ETag", "*"),
            "HTTP_IF_MODIFIED_SINCE": "Fri, 01 Jan 2100 00:00:00 GMT",
        }
        assert client.get(f"/c/{world.own.slug}/", **kept).status_code == 404
        start = client.get("/", follow=True, **kept)
        assert start.status_code == 200
        assert world.own.slug not in start.content.decode()


def keeps_nothing(answer: HttpResponse) -> bool:
    return "no-store" in answer["Cache-Control"]


class TestSessions:
    def sign_in(self, client: Client, world: World, **headers: Any) -> Any:
        sent = {"login": world.people["owner"].email, "password": DEMO_PASSWORD}
        return client.post(LOGIN, sent, **headers)

    def test_signing_in_begins_a_new_one(self, world: World) -> None:
        client = world.client("anonymous")
        client.cookies[configured.SESSION_COOKIE_NAME] = "chosen-by-somebody-else-0000000"
        client.cookies[configured.CSRF_COOKIE_NAME] = "c" * 32
        assert self.sign_in(client, world).status_code == 302
        assert client.cookies[configured.SESSION_COOKIE_NAME].value != "chosen-by-somebody-else-0000000"
        assert client.cookies[configured.CSRF_COOKIE_NAME].value != "c" * 32
        attacker = world.client("anonymous")
        attacker.cookies[configured.SESSION_COOKIE_NAME] = "chosen-by-somebody-else-0000000"
        assert attacker.get("/find/").status_code == 302

    def test_signing_in_anew_on_a_session_rotates_it(self, world: World) -> None:
        client = world.client("viewer")
        before = client.cookies[configured.SESSION_COOKIE_NAME].value
        client.post("/accounts/logout/")
        self.sign_in(client, world)
        assert client.cookies[configured.SESSION_COOKIE_NAME].value != before
        thief = world.client("anonymous")
        thief.cookies[configured.SESSION_COOKIE_NAME] = before
        assert thief.get("/find/").status_code == 302

    def test_its_cookie_is_for_the_portal_alone(self, world: World) -> None:
        client = world.client("anonymous")
        self.sign_in(client, world)
        cookie = client.cookies[configured.SESSION_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")

    def test_many_tries_are_held_back_whatever_address_they_claim(self, world: World) -> None:
        """Counted where all processes count: in the cache they share."""
        assert "locmem" not in configured.CACHES["default"]["BACKEND"]
        client = world.client("anonymous")
        tried = {"login": world.people["owner"].email, "password": "wrong"}
        for number in range(5):
            client.post(LOGIN, tried, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}", HTTP_X_REAL_IP=f"10.0.1.{number}")
        told = self.sign_in(world.client("anonymous"), world, HTTP_X_FORWARDED_FOR="10.9.9.9")
        assert told.status_code != 302
        for number in range(40):
            answer = client.post(LOGIN, {**tried, "login": f"{number}@x.test"}, HTTP_X_FORWARDED_FOR=f"10.1.0.{number}")
        assert answer.status_code == 429


class TestTheLinkWithoutSignIn:
    """How often it may be opened from one address."""

    def opened(self, world: World, said: str) -> int:
        path = f"/dns/{world.own.secret}/"
        return int(world.client("anonymous").get(path, HTTP_X_FORWARDED_FOR=said).status_code)

    def test_a_claimed_address_makes_nobody_another(self, world: World) -> None:
        told = [self.opened(world, f"203.0.113.{number}") for number in range(130)]
        assert told[0] == 200
        assert 503 in told

    def test_behind_a_proxy_people_are_told_apart(self, world: World, settings: Settings) -> None:
        """By what the proxy saw, not by what they say themselves."""
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        told = [self.opened(world, f"203.0.113.{number}, 198.51.100.7") for number in range(130)]
        assert 503 in told
        assert self.opened(world, "198.51.100.8") == 200


def test_every_unsafe_address_is_tried() -> None:
    assert {name for name, _arguments in matrix.names()} >= set(UNSAFE)
    assert len(UNSAFE) > 20
