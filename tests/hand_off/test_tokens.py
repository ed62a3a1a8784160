"""Which tokens are accepted: only those that are complete, signed with the right key, and valid now."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm
from jwt.utils import base64url_encode
from pytest_django import Settings

from portal.services.errors import Unavailable
from portal.services.hand_off import key_sets, tokens
from portal.services.hand_off.errors import Refused
from portal.services.hand_off.tokens import Claims
from portal.token_keys import parse_public_key
from tests.hand_off.app import (
    ISSUER,
    KEY,
    OTHER_KEY,
    P256_KEY,
    SECRET,
    get_public_pem,
    make_claims,
    make_settings,
    sign,
)

P384_KEY, RSA_KEY = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65_537, 2048)
NOW = datetime.fromtimestamp(1_800_000_000, UTC)


def verify(token: str, *, now: datetime | None = None) -> Claims:
    return tokens.verify(token, now=now or datetime.now(UTC))


def find_reason(token: str, *, now: datetime | None = None) -> str:
    with pytest.raises(Refused) as caught:
        verify(token, now=now)
    return caught.value.reason


def sign_claims(**changes: Any) -> str:
    """Also what PyJWT would refuse to sign."""
    return jwt.api_jws.encode(json.dumps(make_claims(**changes)).encode(), KEY, "EdDSA")


def sign_at(nbf: int, exp: int, **changes: Any) -> str:
    """Times are in seconds from NOW."""
    start = int(NOW.timestamp())
    return sign(**{"iat": None, **changes, "nbf": start + nbf, "exp": start + exp})


def write_token(header: dict[str, Any], payload: Any, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return b".".join(map(base64url_encode, parts)).decode()


def to_jwk(key: Any, **facts: Any) -> dict[str, Any]:
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else OKPAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), **facts}


class TestSignature:
    def test_an_ed25519_key_verifies_eddsa(self) -> None:
        claims = verify(sign(name="  Dr\u0007 Rao ", next="/c/brightsmile-dental/?q=1"))
        assert (claims.external_workspace_id, claims.external_user_id) == ("brightsmile-dental", "u-17")
        assert (claims.name, claims.role, claims.next) == ("Dr Rao", "owner", "/c/brightsmile-dental/?q=1")

    def test_a_p256_key_verifies_es256(self, settings: Settings) -> None:
        settings.HAND_OFF = make_settings(public_key=get_public_pem(P256_KEY))
        assert verify(sign(P256_KEY, "ES256")).role == "owner"
        assert find_reason(sign()) == "its algorithm is not the one of the key"

    def test_a_jwk_verifies_tokens_with_its_key_id(self, settings: Settings) -> None:
        settings.HAND_OFF = make_settings(public_key=json.dumps(to_jwk(KEY, kid="k1")))
        assert verify(sign(kid="k1")).role == "owner"
        assert find_reason(sign(kid="k2")) == "kid names no key"
        assert find_reason(sign()) == "kid names no key"

    def test_a_shared_secret_verifies_hs256_and_nothing_else(self, settings: Settings) -> None:
        settings.HAND_OFF = make_settings(public_key="", secret=SECRET)
        assert verify(sign(SECRET, "HS256")).role == "owner"
        assert find_reason(sign(SECRET * 2, "HS512")) == "its algorithm is not the one of the key"
        assert find_reason(sign()) == "its algorithm is not the one of the key"

    def test_another_key_is_refused(self) -> None:
        assert find_reason(sign(OTHER_KEY)) == "its signature is not valid"

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, ["EdDSA"], 0])
    def test_no_signature_is_refused(self, algorithm: Any) -> None:
        for header in ({"alg": algorithm, "typ": "JWT"}, {"typ": "JWT"}):
            with pytest.raises(Refused):
                verify(write_token(header, make_claims()))

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    def test_the_public_key_is_no_secret(self, algorithm: str, settings: Settings) -> None:
        """A confused library takes the public key, which everybody knows, as the secret of an HMAC."""
        pem = get_public_pem(KEY)
        raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        for public in (pem, json.dumps(to_jwk(KEY, kid="k1"))):
            settings.HAND_OFF = make_settings(public_key=public)
            for secret in (pem.encode(), pem.strip().encode(), raw, public.encode()):
                assert find_reason(sign_with_hmac(secret, algorithm)) == "its algorithm is not the one of the key"

    @pytest.mark.parametrize("header", ["jwk", "jku", "x5c", "x5u", "crit", "b64"])
    def test_a_key_in_the_header_is_not_used(self, header: str) -> None:
        values = {"jwk": to_jwk(OTHER_KEY), "x5c": ["MIIB"], "crit": ["exp"], "b64": False}
        facts = {header: values.get(header, "https://evil.example/keys")}
        with pytest.raises(Refused):
            verify(jwt.encode(make_claims(), OTHER_KEY, algorithm="EdDSA", headers=facts))


def sign_with_hmac(secret: bytes, algorithm: str) -> str:
    """PyJWT refuses to sign with a key that looks like a public one."""
    unsigned = write_token({"alg": algorithm, "typ": "JWT", "kid": "k1"}, make_claims()).rpartition(".")[0]
    hmac = jwt.get_algorithm_by_name(algorithm)
    return f"{unsigned}.{base64url_encode(hmac.sign(unsigned.encode(), secret)).decode()}"


class TestKeysOfSettings:
    def test_a_pem_may_be_written_in_one_line(self) -> None:
        assert parse_public_key(get_public_pem(KEY).replace("\n", "\\n")).algorithm == "EdDSA"

    @pytest.mark.parametrize(
        "key",
        [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65_537, 2048), Ed448PrivateKey.generate()],
    )
    def test_keys_of_other_kinds_are_refused(self, key: Any) -> None:
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        with pytest.raises(ValueError, match="Ed25519"):
            parse_public_key(pem)

    @pytest.mark.parametrize("text", ["{", "{}", '{"kty":"OKP","crv":"Ed25519"}', '{"kty":"oct","k":"c2VjcmV0"}', "x"])
    def test_what_is_no_key_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="must be"):
            parse_public_key(text)

    def test_a_private_key_is_refused(self) -> None:
        with pytest.raises(ValueError, match="public key"):
            parse_public_key(json.dumps(OKPAlgorithm.to_jwk(KEY, as_dict=True)))


class TestTimes:
    """A token lives from nbf to exp, a minute at most; clocks may be five seconds wrong."""

    @pytest.mark.parametrize(("nbf", "exp"), [(0, 60), (5, 65), (-60, 0), (-64, -4), (0, 1)])
    def test_it_is_valid_for_a_minute(self, nbf: int, exp: int) -> None:
        assert verify(sign_at(nbf, exp), now=NOW).expires_at.timestamp() == NOW.timestamp() + exp + 5

    @pytest.mark.parametrize(
        ("nbf", "exp", "reason"),
        [
            (6, 66, "it is not valid yet: compare the clocks"),
            (3600, 3660, "it is not valid yet: compare the clocks"),
            (-65, -5, "it has expired"),
            (-3600, -3540, "it has expired"),
            (0, 61, "it is valid for more than 60 seconds"),
            (0, 3600, "it is valid for more than 60 seconds"),
            (-100, 10, "it is valid for more than 60 seconds"),
            (0, 10**300, "it is valid for more than 60 seconds"),
            (-(10**300), 10, "it is valid for more than 60 seconds"),
        ],
    )
    def test_otherwise_it_is_not(self, nbf: int, exp: int, reason: str) -> None:
        assert find_reason(sign_at(nbf, exp), now=NOW) == reason

    def test_iat_counts_as_nbf_does(self) -> None:
        start = int(NOW.timestamp())
        assert find_reason(sign_at(0, 60, iat=start + 6), now=NOW).startswith("it is not valid yet")
        assert find_reason(sign_at(0, 60, iat=start - 1), now=NOW).startswith("it is valid for more")


class TestClaims:
    @pytest.mark.parametrize("name", ["exp", "nbf", "jti", "external_workspace_id", "external_user_id", "name", "role"])
    def test_a_missing_one_is_named(self, name: str) -> None:
        assert f"missing required field `{name}`" in find_reason(sign_claims(**{name: None}))

    @pytest.mark.parametrize("name", ["iss", "aud"])
    def test_who_it_is_from_and_for_may_not_be_missing(self, name: str) -> None:
        assert find_reason(sign_claims(**{name: None})) == "iss or aud is missing"

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"iss": "https://evil.example"}, "iss is not HANDOFF_ISSUER"),
            ({"iss": f"{ISSUER}/"}, "iss is not HANDOFF_ISSUER"),
            ({"aud": "another"}, "aud is not HANDOFF_AUDIENCE"),
            ({"aud": ["portal", "another"]}, "aud is not HANDOFF_AUDIENCE"),
            ({"aud": "Portal"}, "aud is not HANDOFF_AUDIENCE"),
        ],
    )
    def test_it_is_from_the_app_and_for_this_portal_alone(self, changes: dict[str, Any], reason: str) -> None:
        assert find_reason(sign(**changes)) == reason

    @pytest.mark.parametrize(
        "role", ["operator", "support", "staff", "admin", "Owner", "", " owner", ["owner"], True, 1]
    )
    def test_there_are_two_roles(self, role: Any) -> None:
        assert "`$.role`" in find_reason(sign(role=role))

    @pytest.mark.parametrize("name", ["external_workspace_id", "external_user_id", "jti"])
    @pytest.mark.parametrize("value", [17, True, {"a": 1}, ["brightsmile-dental"], "", "x" * 600, "a\0b", "a\ud800"])
    def test_an_id_is_text_that_can_be_stored(self, name: str, value: Any) -> None:
        reason = find_reason(sign(**{name: value}))
        assert f"`$.{name}`" in reason or "can't be stored" in reason

    def test_ids_fit_into_an_index(self) -> None:
        claims = make_claims(external_workspace_id="𠀀" * 500, external_user_id="𠀀" * 100)
        token = jwt.api_jws.encode(json.dumps(claims, ensure_ascii=False).encode(), KEY, "EdDSA")
        assert find_reason(token) == "its two external ids are longer than 2,000 bytes"
        assert verify(sign(external_workspace_id="x" * 512, external_user_id="x" * 300)).role == "owner"

    @pytest.mark.parametrize("value", ["1800000000", 1.5, True, [], {"$": 1}])
    @pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
    def test_a_time_is_a_whole_number(self, name: str, value: Any) -> None:
        assert f"`$.{name}`" in find_reason(
            jwt.api_jws.encode(json.dumps(make_claims(**{name: value})).encode(), KEY, "EdDSA")
        )

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5000])
    def test_numbers_beyond_json_are_refused(self, number: str) -> None:
        text = json.dumps(make_claims(exp=0)).replace('"exp": 0', f'"exp": {number}')
        with pytest.raises(Refused):
            verify(jwt.api_jws.encode(text.encode(), KEY, "EdDSA"))

    @pytest.mark.parametrize("name", [17, "", "\u0007", "  ", "\u200b\u200f \u202e", ["Dr Rao"]])
    def test_a_name_has_letters(self, name: Any) -> None:
        assert "name" in find_reason(sign(name=name))

    def test_ids_stay_as_they_are(self) -> None:
        claims = verify(sign(external_workspace_id=" Ünï\u202e/../%00 ", external_user_id="U-17 "))
        assert (claims.external_workspace_id, claims.external_user_id) == (" Ünï\u202e/../%00 ", "U-17 ")

    @pytest.mark.parametrize(
        "next_",
        [
            *("https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example"),
            *(
                "javascript:alert(1)",
                "data:text/html,x",
                "evil.example",
                "/\t/evil.example",
                "\t//evil.example",
                " /c/",
            ),
            *("http:evil.example", "//evil.example\\@portal/", "/\n/evil.example"),
        ],
    )
    def test_next_leads_to_a_page_of_the_portal(self, next_: str) -> None:
        assert verify(sign(next=next_)).next == ""

    @pytest.mark.parametrize("next_", [17, ["/"], {"path": "/"}, "/" * 2_001])
    def test_next_is_text(self, next_: Any) -> None:
        assert "`$.next`" in find_reason(sign(next=next_))


class TestHostileTexts:
    @pytest.mark.parametrize(
        "token",
        [
            *("", ".", "..", "...", "a.b.c", "null", "{}", "\0", "é.é.é", "\ud800", " " * 100, "eyJ.eyJ.", "=.=.="),
            base64.urlsafe_b64encode(b"[" * 6_000).decode() + ".e30.",
            base64.urlsafe_b64encode(b'{"alg":' + b"[" * 5_000).decode() + ".e30.",
            write_token({"alg": "EdDSA", "kid": "x" * 4_000}, {}),
            write_token({"alg": "EdDSA", "kid": ["k1"]}, {}),
            write_token({"alg": "EdDSA"}, []),
            write_token({"alg": "EdDSA"}, None),
        ],
    )
    def test_what_is_no_token_is_refused(self, token: str) -> None:
        with pytest.raises(Refused):
            verify(token)

    def test_a_signed_payload_that_is_no_object_is_refused(self) -> None:
        for payload in (b"[]", b"null", b"17", b"\xff", b"[" * 5_000, b'"text"'):
            with pytest.raises(Refused):
                verify(jwt.api_jws.encode(payload, KEY, "EdDSA"))

    def test_a_megabyte_is_refused_unread(self) -> None:
        started = time.perf_counter()
        assert find_reason(sign(name="x" * 1_000_000)) == "it is longer than 8 KB"
        assert find_reason("x" * 1_000_000) == "it is longer than 8 KB"
        assert time.perf_counter() - started < 2
        assert find_reason(sign(extra="x" * 6_100)) == "it is longer than 8 KB"


class Publisher(ThreadingHTTPServer):
    """Answers with `body` and counts how often it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), PublisherHandler)
        self.requests, self.pause_s = 0, 0.0
        self.status, self.headers, self.body = 200, {}, b""  # type: ignore[var-annotated]  # one line is clearer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/keys"

    def publish(self, *keys: Any) -> None:
        self.body = json.dumps({"keys": keys}).encode()


class PublisherHandler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        self.server.requests += 1
        if self.server.pause_s:
            self.send_slowly()
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def send_slowly(self) -> None:
        with suppress(OSError):
            for byte in b"HTTP/1.0 200 OK\r\nX-Slow: " + b"x" * 100:
                self.wfile.write(bytes([byte]))
                time.sleep(self.server.pause_s)

    def log_message(self, format: str, *args: object) -> None:
        """Prints nothing."""


@pytest.fixture
def publisher(settings: Settings) -> Iterator[Publisher]:
    with Publisher() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        settings.HAND_OFF = make_settings(public_key="", jwks_url=server.url)
        server.publish(to_jwk(KEY, kid="k1", use="sig"), to_jwk(P256_KEY, kid="k2"))
        yield server
        server.shutdown()
        thread.join()


class TestPublishedKeys:
    def test_each_key_verifies_its_own_algorithm(self, publisher: Publisher) -> None:
        assert verify(sign(kid="k1")).role == "owner"
        assert verify(sign(P256_KEY, "ES256", kid="k2")).role == "owner"
        assert find_reason(sign(kid="k2")) == "its algorithm is not the one of the key"
        assert find_reason(sign(OTHER_KEY, kid="k1")) == "its signature is not valid"
        assert find_reason(sign()) == "kid names no key"
        assert publisher.requests == 1

    def test_unknown_ids_lead_to_few_requests(self, publisher: Publisher) -> None:
        verify(sign(kid="k1"))
        for number in range(50):
            assert find_reason(sign(kid=f"x{number}")) == "kid names no key"
        assert publisher.requests == 1

    def test_a_new_key_is_found_and_a_withdrawn_one_stops_to_work(self, publisher: Publisher) -> None:
        found = key_sets.KeySet(publisher.url)
        assert found.find("k1", now_s=0)
        publisher.publish(to_jwk(OTHER_KEY, kid="k3"))
        assert found.find("k3", now_s=key_sets.FETCH_EVERY_S - 1) is None
        assert found.find("k3", now_s=key_sets.FETCH_EVERY_S)
        assert found.find("k1", now_s=key_sets.FETCH_EVERY_S) is None
        publisher.publish()
        assert found.find("k3", now_s=key_sets.KEPT_S)
        assert found.find("k3", now_s=key_sets.FETCH_EVERY_S + key_sets.KEPT_S + 1) is None

    def test_while_they_cannot_be_fetched_known_keys_work_for_an_hour(self, publisher: Publisher) -> None:
        found = key_sets.KeySet(publisher.url)
        assert found.find("k1", now_s=0)
        publisher.status = 500
        assert found.find("k1", now_s=key_sets.KEPT_AT_MOST_S)
        with pytest.raises(Unavailable):
            found.find("k1", now_s=key_sets.KEPT_AT_MOST_S + 1)

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": 1}', b"[" * 50_000, b" " * 200_000, b"\xff"])
    def test_without_keys_it_is_unavailable(self, publisher: Publisher, body: bytes) -> None:
        publisher.body = body
        with pytest.raises(Unavailable):
            verify(sign(kid="k1"))

    def test_a_redirect_is_not_followed(self, publisher: Publisher) -> None:
        publisher.status, publisher.headers = 302, {"Location": publisher.url}
        with pytest.raises(Unavailable):
            verify(sign(kid="k1"))
        assert publisher.requests == 1

    def test_a_slow_answer_is_cut_off(self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
        """However often a byte comes. Other hand-offs wait for it."""
        monkeypatch.setattr(key_sets, "FETCH_TIMEOUT_S", 0.3)
        publisher.pause_s = 0.1
        started = time.monotonic()
        with pytest.raises(Unavailable):
            verify(sign(kid="k1"))
        assert time.monotonic() - started < 5

    def test_keys_of_other_kinds_are_left_out(self, publisher: Publisher) -> None:
        publisher.publish(
            {"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).decode(), "kid": "k4"},
            to_jwk(KEY, kid="k5", use="enc"),
            to_jwk(KEY),
            "k6",
            {"kty": ["EC"], "kid": "k7"},
            to_jwk(KEY, kid="k1"),
        )
        assert verify(sign(kid="k1")).role == "owner"
        assert find_reason(sign(SECRET, "HS256", kid="k4")) == "kid names no key"
        assert find_reason(sign(kid="k5")) == "kid names no key"
