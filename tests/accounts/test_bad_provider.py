"""An OpenID provider on a bad day: it answers with something else than OpenID, too much of it, or too slowly."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.test import Client
from pytest_django import Settings

from portal.models import User
from portal.sign_in import provider_session
from tests.accounts import provider as openid
from tests.accounts.browser import is_signed_in, list_events
from tests.people import People

pytestmark = pytest.mark.postgres

CALLBACK = "/accounts/single-sign-on/callback/"
Write = Callable[[bytes], object]


class BadProvider:
    """`answers` by path: what is sent as JSON, or a function that writes the body."""

    def __init__(self, url: str) -> None:
        self.url = url
        paths = {"authorization": "auth", "token": "token", "userinfo": "userinfo"}
        config = {f"{name}_endpoint": f"{url}/{path}" for name, path in paths.items()}
        self.config = {**config, "issuer": url, "jwks_uri": f"{url}/keys"}
        self.claims: dict[str, Any] = {"iss": url, "aud": "portal", "exp": int(time.time()) + 60, "sub": "nia"}
        self.answers: dict[str, Any] = {
            "/.well-known/openid-configuration": self.config,
            "/userinfo": {"sub": "nia", "email": "nia@portal.test", "email_verified": True, "groups": ["ops"]},
        }

    def come_back(self, client: Client, *, token: dict[str, Any] | None = None, **claims: Any) -> str:
        """The page that somebody has in the end who was signed in there. `token` goes along with the id token."""
        asked = parse_qs(urlsplit(openid.start(client)).query)
        id_token = jwt.encode({**self.claims, "nonce": asked["nonce"][0], **claims}, "k" * 32)
        self.answers.setdefault("/token", {"access_token": "a", "id_token": id_token, **(token or {})})
        return client.get(CALLBACK, {"code": "x", "state": asked["state"][0]}, follow=True).content.decode()


@pytest.fixture
def provider(settings: Settings) -> Iterator[BadProvider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            answer = made.answers[self.path]
            if callable(answer):
                answer(self.wfile.write)
            else:
                self.wfile.write(json.dumps(answer).encode())

        do_POST = do_GET  # noqa: N815  # as http.server names them

        def log_message(self, *_line: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = BadProvider(f"http://127.0.0.1:{server.server_port}")
        openid.configure(settings, made.url)
        Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


def write_too_much(write: Write) -> None:
    try:
        for _part in range(20):
            write(b" " * 1_000_000)
    except OSError:  # nobody reads that far
        return


def write_deep(write: Write) -> None:
    write(b"[" * 200_000)


def write_slowly(write: Write) -> None:
    try:
        for _part in range(100):
            write(b" ")
            time.sleep(0.05)
    except OSError:
        return


class TestAnswers:
    def test_a_good_one_signs_in(self, people: People, provider: BadProvider) -> None:
        client = Client()
        provider.come_back(client)
        assert is_signed_in(client)

    @pytest.mark.parametrize("path", ["/token", "/userinfo"])
    @pytest.mark.parametrize("answer", [["access_token"], "access_token", 5, write_deep, write_too_much])
    def test_what_is_no_object_signs_nobody_in(
        self, people: People, provider: BadProvider, path: str, answer: Any
    ) -> None:
        client = Client()
        provider.answers[path] = answer
        assert "be reached" in provider.come_back(client)
        assert not is_signed_in(client)
        assert [(event.after or {})["way"] for event in list_events("sign_in.failed")] == ["oidc"]

    @pytest.mark.parametrize("config", [[], "x", None, {}, {"issuer": "https://evil.example"}, write_too_much])
    def test_without_a_description_of_itself_it_counts_as_down(
        self, people: People, provider: BadProvider, config: Any
    ) -> None:
        described = {**provider.config, **config} if config and isinstance(config, dict) else config
        provider.answers["/.well-known/openid-configuration"] = described
        assert Client().post("/accounts/single-sign-on/", {"next": "/"}).status_code == 503

    def test_a_slow_one_is_not_waited_for(
        self, people: People, provider: BadProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each byte comes in time, and all of them don't."""
        monkeypatch.setattr(provider_session, "TIMEOUT_S", 0.3)
        provider.answers["/.well-known/openid-configuration"] = write_slowly
        started = time.monotonic()
        assert Client().post("/accounts/single-sign-on/", {"next": "/"}).status_code == 503
        assert time.monotonic() - started < 4  # all of it takes five seconds


class TestClaims:
    @pytest.mark.parametrize(
        "claims",
        [{"sub": None}, {"sub": ""}, {"sub": "x" * 5000}, {"nonce": None}, {"exp": 10**30, "jti": "1"}, {"iss": "x"},
         {"aud": "another"}],
    )  # fmt: skip
    def test_who_it_is_must_be_certain(self, people: People, provider: BadProvider, claims: dict[str, Any]) -> None:
        client = Client()
        provider.answers["/userinfo"] = {"groups": ["ops"], **({"sub": claims["sub"]} if "sub" in claims else {})}
        provider.come_back(client, **claims)
        assert not is_signed_in(client)
        assert len(list_events("sign_in.failed")) == 1

    @pytest.mark.parametrize("text", ["a\x00b", "a\ud800"])
    @pytest.mark.parametrize("claim", ["name", "sub", "locale"])
    def test_what_no_database_stores_is_refused(
        self, people: People, provider: BadProvider, claim: str, text: str
    ) -> None:
        client = Client()
        provider.answers["/userinfo"][claim] = text
        assert "failed. Try again" in provider.come_back(client)
        assert not is_signed_in(client)

    @pytest.mark.parametrize("groups", [5, True, {"ops": False}, [["ops"]], [{"name": "ops"}]])
    def test_groups_are_a_list_of_texts_or_one_text(self, people: People, provider: BadProvider, groups: Any) -> None:
        client = Client()
        provider.answers["/userinfo"]["groups"] = groups
        assert "in a group that may use this portal" in provider.come_back(client)
        assert not is_signed_in(client)

    @pytest.mark.parametrize(
        "email", ["x@" + "a." * 130 + "test", "no address", "a@b.test\nBcc: c@d.test", ["a@b.test"]]
    )
    def test_what_is_no_address_is_left_out(self, people: People, provider: BadProvider, email: Any) -> None:
        provider.answers["/userinfo"] |= {"email": email, "name": "Nia\r\nNew"}
        provider.come_back(Client())
        user = User.objects.get(socialaccount__uid="nia")
        assert (user.email, user.name) == ("", "Nia New")

    @pytest.mark.parametrize("expires_in", ["soon", 10**18, [1]])
    def test_how_long_the_token_would_last_does_not_matter(
        self, people: People, provider: BadProvider, expires_in: Any
    ) -> None:
        client = Client()
        provider.come_back(client, token={"expires_in": expires_in})
        assert is_signed_in(client)
