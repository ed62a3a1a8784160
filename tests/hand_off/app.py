"""The platform's own app: it signs tokens, and its people come to the portal with them."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from portal.config import HandOff

ISSUER = "https://app.platform.test"
APP_PAGE = f"{ISSUER}/deployments/"
KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
P256_KEY = generate_private_key(SECP256R1())
SECRET = "a shared secret of the app and the portal, for HS256"
PATH, CONTINUE = "/handoff/", "/handoff/continue/"


def get_public_pem(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def make_settings(**changes: Any) -> HandOff:
    facts = {"issuer": ISSUER, "audience": "portal", "public_key": get_public_pem(KEY), "url": APP_PAGE}
    return HandOff(**{**facts, **changes})


def make_claims(**changes: Any) -> dict[str, Any]:
    """A valid token's claims, with these changes; None leaves a claim out."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": "portal",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "jti": uuid4().hex,
        "external_workspace_id": "brightsmile-dental",
        "external_user_id": "u-17",
        "name": "Dr Rao",
        "role": "owner",
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def sign(key: Any = KEY, algorithm: str = "EdDSA", *, kid: str = "", **changes: Any) -> str:
    """`changes` as in `make_claims`."""
    return jwt.encode(make_claims(**changes), key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def send(client: Client, token: str, **headers: Any) -> Any:
    """As the app's own page does, from another site. The browser sends no cookies but those of the hand-off."""
    sent: dict[str, Any] = {"HTTP_ORIGIN": ISSUER, **headers}
    return client.post(PATH, {"token": token}, **sent)


def hand_over(client: Client, token: str) -> Any:
    """The whole way: the token, then the form that the page sends by itself."""
    assert send(client, token).status_code == 303
    return client.post(CONTINUE, {"instead_of": ""})
