"""The simulated platform: its state under one lock, and the reading of each request."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from datetime import datetime
from typing import Any, NamedTuple

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Request, Response

from portal.simulator import errors, seed, sites
from portal.simulator.calls import PREFIX, Call, Route, encoded, routes
from portal.simulator.canaries import Canaries
from portal.simulator.clock import Clock
from portal.simulator.dnsbook import DnsBook
from portal.simulator.errors import Refusal
from portal.simulator.faults import Faults
from portal.simulator.hooks import Hooks
from portal.simulator.idempotency import Idempotency, Kept
from portal.simulator.knobs import Settings
from portal.simulator.lifecycle import Lifecycle
from portal.simulator.requestlog import RequestLog
from portal.simulator.seed import names
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
WINDOW_S = 60.0


class Platform:
    def __init__(self, *, customers: int = 12, seed_number: int = 1) -> None:
        self.lock = threading.RLock()
        self.settings = Settings()
        self.clock = Clock()
        self.canaries = Canaries()
        self.log = RequestLog()
        self.faults = Faults()
        self.dns = DnsBook()
        self.hooks = Hooks(self)
        self.routes = routes()
        self.reset(customers=customers, seed_number=seed_number)

    def reset(self, *, customers: int, seed_number: int, settings: dict[str, Any] | None = None) -> datetime:
        """A new start: world, settings, faults, DNS, clock and log. Gives the moment from which all its times count."""
        fresh = Settings(settings)
        with self.lock:
            self.clock.offset_s = 0.0
            self.canaries.clear()
            self.log.clear()
            self.faults.clear()
            self.dns.clear()
            self.hooks.deliveries.clear()
            now = self.clock.now().replace(microsecond=0)
            world = seed.plant(customers=customers, seed=seed_number, now=now, settings=fresh)
            names.plant(world, self.dns)
            self.adopt(world, fresh, customers=customers, seed_number=seed_number)
            return now

    def adopt(self, world: World, settings: Settings, *, customers: int, seed_number: int) -> None:
        """Makes a world, new or read from a file, the present one."""
        with self.lock:
            self.customers, self.seed_number = customers, seed_number
            self.settings = settings
            self.idempotency = Idempotency()
            self.rate: dict[str, deque[float]] = {}
            self.world = world
            self.other = World(tenant_id="tnt_01OTHERTENANT0000000000000", tenant_slug="other", tenant_name="Other")
            self.lifecycles = (Lifecycle(self, world), Lifecycle(self, self.other))
            self.world.revision += 1

    def catch_up(self) -> None:
        with self.lock:
            for lifecycle in self.lifecycles:
                lifecycle.catch_up(self.clock.now())

    # -- answering

    def answer(self, request: Request, base_url: str) -> tuple[Response, Kept | None]:
        """Answers one call below /api/v1 or refuses it. The entry is under way until it is settled."""
        request_id = request_id_for(request)
        entry: Kept | None = None
        try:
            response, entry = self._execute(request, base_url, request_id)
        except Refusal as refusal:
            response = self.refused(refusal, request_id)
        response.headers["x-request-id"] = request_id
        if self.settings["canaries"]:
            response.headers["x-served-by"] = self.canaries.make("header", "node")
        return response, entry

    def settle(self, entry: Kept | None) -> None:
        if entry is not None:
            with self.lock:
                entry.under_way = False

    def site(self, request: Request) -> Response:
        with self.lock:
            self.catch_up()
            return sites.answer(self.world, request.path)

    def refused(self, refusal: Refusal, request_id: str) -> Response:
        body, content_type = errors.body_of(refusal, str(self.settings["error_shape"]), request_id)
        if content_type is None:
            planted = self.canaries.plant(body, request_id) if self.settings["canaries"] else body
            response = Response(encoded(planted), refusal.status, content_type=str(self.settings["content_type"]))
        else:
            response = Response(str(body), refusal.status, content_type=content_type)
        if refusal.retry_after is not None:
            response.headers["Retry-After"] = str(refusal.retry_after)
        return response

    def _execute(self, request: Request, base_url: str, request_id: str) -> tuple[Response, Kept | None]:
        key_text = bearer(request)
        with self.lock:
            self.catch_up()
            if not request.path.startswith(f"{PREFIX}/"):
                raise Refusal(404, "The requested resource was not found")
            self._limit(key_text)
            key = KEYS.get(key_text)
            if key is None:
                raise Refusal(401, "missing or invalid credentials", code="invalid_token")
            world = self.other if key.other_tenant else self.world
            require_tenant(world, request)
            route, params = self._route(request)
            if route.scopes and not key.scopes & set(route.scopes):
                raise Refusal(403, f"this key lacks the scope {route.scopes[0]}", code="insufficient_scope")
            entry = None
            if self.settings["idempotency"]:
                entry, again = self.idempotency.find_or_begin(world.tenant_id, request, self.clock.now())
                if again is not None:
                    return again, None
            call = Call(self, world, request, params, base_url, scopes=key.scopes)
            return self._run(route, call, entry, request_id), entry

    def _run(self, route: Route, call: Call, entry: Kept | None, request_id: str) -> Response:
        try:
            response = route.endpoint(call)
        except Refusal as refusal:
            response = self.refused(refusal, request_id)
        except BaseException:
            if entry is not None:
                self.idempotency.forget(entry)
            raise
        if entry is not None:
            self.idempotency.keep(entry, response)
        if call.request.method not in ("GET", "HEAD"):
            self.world.revision += 1
        return response

    def _route(self, request: Request) -> tuple[Route, dict[str, Any]]:
        adapter = self.routes.bind("simulator")
        try:
            route, params = adapter.match(request.path, method=request.method)
        except MethodNotAllowed:
            raise Refusal(405, "method not allowed") from None
        except HTTPException:
            raise Refusal(404, "The requested resource was not found") from None
        return route, dict(params)

    def _limit(self, key: str) -> None:
        """So many requests of one key in any minute of simulated time."""
        allowed = int(self.settings["rate_limit_rpm"])
        if not allowed:
            return
        now = self.clock.now().timestamp()
        recent = self.rate.setdefault(key, deque())
        while recent and recent[0] <= now - WINDOW_S:
            recent.popleft()
        if len(recent) >= allowed:
            wait = max(1, round(recent[0] + WINDOW_S - now + 0.5))
            raise Refusal(429, "rate limit exceeded", retry_after=wait)
        recent.append(now)


def bearer(request: Request) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def require_tenant(world: World, request: Request) -> None:
    wanted = request.headers.get("X-MIOSA-Tenant")
    if wanted and wanted not in (world.tenant_id, world.tenant_slug):
        raise Refusal(403, "this key does not reach that organization")


def request_id_for(request: Request) -> str:
    sent = request.headers.get("X-Request-Id", "")
    return sent if 20 <= len(sent) <= 200 and sent.isascii() and sent.isprintable() else f"req_{secrets.token_hex(10)}"
