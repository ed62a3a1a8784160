"""The simulated platform: its state under one lock, and the reading of each request."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from typing import Any, NamedTuple

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Request, Response

from portal.simulator import errors, requestlog, seed
from portal.simulator.calls import PREFIX, Call, Route, routes
from portal.simulator.canaries import Canaries
from portal.simulator.clock import Clock
from portal.simulator.errors import Refusal
from portal.simulator.knobs import Settings
from portal.simulator.world import World


class Key(NamedTuple):
    scopes: frozenset[str]
    other_tenant: bool = False


READ = frozenset({"deployments:read", "domains:read", "sandboxes:read", "usage:read", "audit:read"})
FULL = READ | {"deployments:write", "domains:write", "sandboxes:write", "data:write"}
KEYS = {
    "msk_test_demo": Key(FULL),
    "msk_test_readonly": Key(READ),
    "msk_test_other_tenant": Key(FULL, other_tenant=True),
}


class Platform:
    def __init__(self, *, customers: int = 12, seed_number: int = 1) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.canaries = Canaries()
        self.log = requestlog.RequestLog()
        self.rate: dict[str, deque[float]] = {}
        self.settings = Settings()
        self.routes = routes()
        self.reset(customers=customers, seed_number=seed_number)

    def reset(self, *, customers: int, seed_number: int, settings: dict[str, Any] | None = None) -> None:
        """A new start: world, settings, faults, DNS, clock and log."""
        fresh = Settings(settings)
        with self.lock:
            self.customers, self.seed_number = customers, seed_number
            self.settings = fresh
            self.clock = Clock()
            self.canaries.clear()
            self.log.clear()
            self.rate.clear()
            self.other = World(tenant_id="tnt_01OTHERTENANT0000000000000", tenant_slug="elsewhere", tenant_name="Elsewhere")
            self.world = seed.plant(customers=customers, seed=seed_number, now=self.clock.now(), settings=fresh)

    def answer(self, request: Request, base_url: str) -> Response:
        """Answers one call below /api/v1 or refuses it."""
        request_id = request_id_for(request)
        try:
            response = self._execute(request, base_url)
        except Refusal as refusal:
            response = self.refused(refusal, request_id)
        response.headers["x-request-id"] = request_id
        return response

    def refused(self, refusal: Refusal, request_id: str) -> Response:
        from portal.simulator.calls import encoded

        body, content_type = errors.body_of(refusal, str(self.settings["error_shape"]), request_id)
        if content_type is None:
            if self.settings["canaries"]:
                body = self.canaries.plant(body, request_id)
            content_type = str(self.settings["content_type"])
            body = encoded(body)
        response = Response(body, refusal.status, content_type=content_type)  # type: ignore[arg-type]  # bytes or str
        if refusal.retry_after is not None:
            response.headers["Retry-After"] = str(refusal.retry_after)
        return response

    def _execute(self, request: Request, base_url: str) -> Response:
        route, params = self._route(request)
        key = authenticated(request)
        with self.lock:
            world = self.other if key.other_tenant else self.world
            if route.scopes and not key.scopes & set(route.scopes):
                raise Refusal(403, f"this key lacks the scope {route.scopes[0]}", code="insufficient_scope")
            return route.endpoint(Call(self, world, request, params, base_url))

    def _route(self, request: Request) -> tuple[Route, dict[str, Any]]:
        adapter = self.routes.bind("simulator")
        try:
            route, params = adapter.match(request.path, method="GET" if request.method == "HEAD" else request.method)
        except MethodNotAllowed:
            raise Refusal(405, "method not allowed") from None
        except HTTPException:
            raise Refusal(404, "The requested resource was not found") from None
        return route, dict(params)


def authenticated(request: Request) -> Key:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    key = KEYS.get(secret.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Refusal(401, "missing or invalid credentials", code="invalid_token")
    return key


def request_id_for(request: Request) -> str:
    sent = request.headers.get("X-Request-Id", "")
    return sent if 20 <= len(sent) <= 200 and sent.isascii() and sent.isprintable() else f"req_{secrets.token_hex(10)}"


__all__ = ["PREFIX", "Platform"]
