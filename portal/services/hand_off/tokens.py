"""Reads a token of the platform's own app and checks all that it says, except whether it was used before."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal

import jwt
import msgspec
from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_variables
from jwt.types import Options

from portal.services import clean_text
from portal.services.hand_off import key_sets
from portal.services.hand_off.errors import Refused
from portal.token_keys import TokenKey, parse_public_key

MOST_CHARACTERS = 8_192
# Of both ids together: an index of PostgreSQL holds no more than 2,704, with the issuer.
MOST_ID_BYTES = 2_000
LONGEST_LIFE_S = 60
# How far the clocks of the app and of the portal may differ.
LEEWAY_S = 5

_REASONS: dict[type[jwt.PyJWTError], str] = {
    jwt.InvalidAlgorithmError: "its algorithm is not the one of the key",
    jwt.InvalidAudienceError: "aud is not HANDOFF_AUDIENCE",
    jwt.InvalidIssuerError: "iss is not HANDOFF_ISSUER",
    jwt.InvalidSignatureError: "its signature is not valid",
    jwt.MissingRequiredClaimError: "iss or aud is missing",
}
_UNREADABLE = "it is not a readable JWT"


_OPTIONS: Options = {
    "require": ["iss", "aud"],
    "strict_aud": True,
    "verify_exp": False,
    "verify_iat": False,
    "verify_jti": False,
    "verify_nbf": False,
    "verify_sub": False,
}


class _Payload(msgspec.Struct, frozen=True):
    """Lengths are those of the tables' columns. Claims that are not listed here are ignored."""

    exp: int
    nbf: int
    jti: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    external_workspace_id: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    external_user_id: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
    role: Literal["owner", "viewer"]
    iat: int | None = None
    next: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """A valid token. `next` is a path of the portal, or empty. After `expires_at` it is refused for its age."""

    jti: str
    expires_at: datetime
    external_workspace_id: str
    external_user_id: str
    name: str
    role: str
    next: str

    @property
    def facts(self) -> dict[str, str]:
        return {"external_workspace_id": self.external_workspace_id, "external_user_id": self.external_user_id}


@sensitive_variables()
def verify(token: str, *, now: datetime) -> Claims:
    """Raises Refused, and Unavailable if the keys can't be fetched."""
    if len(token) > MOST_CHARACTERS:
        raise Refused("it is longer than 8 KB")
    if not token or not token.isascii():
        raise Refused(_UNREADABLE)
    try:
        payload = _decode(token)
    except jwt.PyJWTError as error:
        raise Refused(_REASONS.get(type(error), _UNREADABLE)) from None
    try:
        claims = msgspec.convert(payload, _Payload)
    except msgspec.ValidationError as error:
        raise Refused(f"its claims are wrong: {error}") from None
    _check_times(claims, now_s=now.timestamp())
    return _make_claims(claims)


@sensitive_variables()
def _decode(token: str) -> dict[str, Any]:
    """The claims, once signature, `iss` and `aud` were checked. Times are checked by us, against our own clock."""
    key = _find_key(jwt.get_unverified_header(token).get("kid"))
    return jwt.decode(
        token,
        key.key,
        algorithms=[key.algorithm],
        audience=settings.HAND_OFF.audience,
        issuer=settings.HAND_OFF.issuer,
        options=_OPTIONS,
    )


def _find_key(kid: str | None) -> TokenKey:
    """By the settings alone: a token chooses among the keys of one URL, never an algorithm."""
    if settings.HAND_OFF.secret:
        return TokenKey(settings.HAND_OFF.secret, "HS256")
    if settings.HAND_OFF.jwks_url:
        key_set = key_sets.get_key_set(settings.HAND_OFF.jwks_url)
        key = key_set.find(kid, now_s=time.monotonic()) if kid else None
    else:
        key = _parse(settings.HAND_OFF.public_key)
        key = key if key.kid in {"", kid} else None
    if key is None:
        raise Refused("kid names no key")
    return key


@lru_cache(maxsize=4)
def _parse(public_key: str) -> TokenKey:
    return parse_public_key(public_key)


def _check_times(claims: _Payload, *, now_s: float) -> None:
    """It lives from `nbf` to `exp`, for 60 seconds at most, and both clocks may be 5 seconds wrong."""
    starts = [claims.nbf] if claims.iat is None else [claims.nbf, claims.iat]
    if now_s < max(starts) - LEEWAY_S:
        raise Refused("it is not valid yet: compare the clocks")
    if now_s >= claims.exp + LEEWAY_S:
        raise Refused("it has expired")
    if claims.exp - min(starts) > LONGEST_LIFE_S:
        raise Refused("it is valid for more than 60 seconds")


def _make_claims(claims: _Payload) -> Claims:
    ids = (claims.jti, claims.external_workspace_id, claims.external_user_id)
    if any(clean_text.make_storable(each) != each for each in ids):
        raise Refused("an id has characters that can't be stored")
    if len(f"{claims.external_workspace_id}{claims.external_user_id}".encode()) > MOST_ID_BYTES:
        raise Refused("its two external ids are longer than 2,000 bytes")
    name = clean_text.clean_line(claims.name, most=200)
    if not any(each.isprintable() and not each.isspace() for each in name):
        raise Refused("name is empty")
    return Claims(
        jti=claims.jti,
        expires_at=datetime.fromtimestamp(claims.exp, UTC) + timedelta(seconds=LEEWAY_S),
        external_workspace_id=claims.external_workspace_id,
        external_user_id=claims.external_user_id,
        name=name,
        role=claims.role,
        next=claims.next if _is_own_path(claims.next) else "",
    )


def _is_own_path(path: str) -> bool:
    """Browsers leave out tabs and line breaks in an address, so there may be none."""
    return path.startswith("/") and path.isprintable() and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
