"""API keys, scopes, the tenant header and rate limits (sections 1, 4.3 and 6)."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import NamedTuple

from werkzeug.wrappers import Request

from portal.simulator.errors import ApiError
from portal.simulator.store import Store

READ_SCOPES = frozenset({"deployments:read", "domains:read", "sandboxes:read", "usage:read", "audit:read"})
ALL_SCOPES = READ_SCOPES | {"deployments:write", "domains:write", "sandboxes:write", "data:write"}
RATE_WINDOW_S = 60.0


class ApiKey(NamedTuple):
    secret: str
    scopes: frozenset[str] = ALL_SCOPES
    is_other_tenant: bool = False


FULL_KEY = ApiKey("msk_test_demo")
KEYS = {
    key.secret: key
    for key in (
        FULL_KEY,
        ApiKey("msk_test_readonly", READ_SCOPES),
        ApiKey("msk_test_other_tenant", is_other_tenant=True),
    )
}


def bearer_secret(request: Request) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def get_key(secret: str) -> ApiKey:
    if (key := KEYS.get(secret)) is None:
        raise ApiError(401, "missing or invalid credentials", code="invalid_token")
    return key


def require_tenant(store: Store, request: Request) -> None:
    requested = request.headers.get("X-MIOSA-Tenant")
    if requested and requested not in (store.tenant_id, store.tenant_slug):
        raise ApiError(403, "this key does not reach that organization")


def require_scope(key: ApiKey, scopes: tuple[str, ...]) -> None:
    """Any one of them suffices; none are needed if the route names none."""
    if scopes and not key.scopes & set(scopes):
        raise ApiError(403, f"this key lacks the scope {scopes[0]}", code="insufficient_scope")


class RateLimiter:
    """Counts the requests of each key over a sliding minute of simulated time."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = {}

    def take(self, secret: str, now: datetime, *, per_minute: int) -> None:
        """Raises ApiError 429 above `per_minute`; 0 means no limit."""
        if not per_minute:
            return
        at = now.timestamp()
        recent = self._recent.setdefault(secret, deque())
        while recent and recent[0] <= at - RATE_WINDOW_S:
            recent.popleft()
        if len(recent) >= per_minute:
            wait = max(1, round(recent[0] + RATE_WINDOW_S - at + 0.5))
            raise ApiError(429, "rate limit exceeded", retry_after=wait)
        recent.append(at)
