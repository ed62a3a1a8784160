"""Public keys that verify tokens of the platform's own app (docs/handoff.md). Knows no Django."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWTError
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

_JWK_READERS = {"EC": ECAlgorithm.from_jwk, "OKP": OKPAlgorithm.from_jwk}


@dataclass(frozen=True, slots=True)
class TokenKey:
    """`algorithm` is the only one that the key verifies, whatever a token says. `kid` is empty for a PEM."""

    key: Any
    algorithm: str
    kid: str = ""


def parse_public_key(text: str) -> TokenKey:
    """A PEM, in which line breaks may be written as a backslash and n, or a JWK. Raises ValueError, in words."""
    if text.lstrip().startswith("{"):
        try:
            jwk = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("must be a JWK, which is JSON, or a PEM") from None
        return parse_jwk(jwk)
    try:
        key = load_pem_public_key(text.replace("\\n", "\n").encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("must be a public key: a PEM that begins with -----BEGIN PUBLIC KEY-----, or a JWK") from None
    return TokenKey(key, _get_algorithm(key))


def parse_jwk(jwk: Mapping[str, Any]) -> TokenKey:
    """Raises ValueError, in words."""
    reader = _JWK_READERS.get(str(jwk.get("kty")))
    if reader is None or "d" in jwk:
        raise ValueError("must be a public key of the type OKP (Ed25519) or EC (P-256)")
    try:
        key = reader(dict(jwk))
    except (PyJWTError, ValueError, TypeError):
        raise ValueError("must be a complete JWK of the type OKP (Ed25519) or EC (P-256)") from None
    return TokenKey(key, _get_algorithm(key), kid=str(jwk.get("kid", "")))


def _get_algorithm(key: object) -> str:
    if isinstance(key, Ed25519PublicKey):
        return "EdDSA"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    raise ValueError("must be an Ed25519 key (EdDSA) or a P-256 key (ES256)")
