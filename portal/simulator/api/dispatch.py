"""One request below /api/v1, from its key to its response."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from portal.simulator.access import bearer_secret, get_key, require_scope, require_tenant
from portal.simulator.api.call import Call
from portal.simulator.api.routes import Route
from portal.simulator.api.urls import get_route
from portal.simulator.defaults import API_PREFIX
from portal.simulator.errors import ApiError, unknown_route
from portal.simulator.idempotency import StoredAnswer
from portal.simulator.responses import error_response, request_id_of
from portal.simulator.state import State

Dispatched = tuple[Response, StoredAnswer | None]


class Dispatcher:
    """Requests are executed one at a time, under the state's lock."""

    def __init__(self, state: State) -> None:
        self.state = state

    def dispatch(self, request: Request, base_url: str) -> Dispatched:
        """The response, and the idempotency entry that stays in flight until `finish` is called with it."""
        request_id = request_id_of(request)
        stored: StoredAnswer | None = None
        try:
            with self.state.lock:
                self.state.catch_up()
                response, stored = self._execute(request, base_url, request_id)
        except ApiError as error:
            response = self._refuse(error, request_id)
        response.headers["x-request-id"] = request_id
        if self.state.settings["canaries"]:
            response.headers["x-served-by"] = self.state.canaries.create("header", "node")
        return response, stored

    def finish(self, stored: StoredAnswer | None) -> None:
        """Call when the answer is about to be sent: from now on the key is replayed."""
        if stored is not None:
            with self.state.lock:
                stored.in_flight = False

    def _execute(self, request: Request, base_url: str, request_id: str) -> Dispatched:
        state, now = self.state, self.state.clock.now()
        if not request.path.startswith(f"{API_PREFIX}/"):
            raise unknown_route()
        secret = bearer_secret(request)
        state.rate_limiter.take(secret, now, per_minute=int(state.settings["rate_limit_rpm"]))
        key = get_key(secret)
        store = state.lifecycle_of(key).store
        require_tenant(store, request)
        route, params = get_route(request)
        require_scope(key, route.scopes)
        stored = None
        if state.settings["idempotency"]:
            stored, replay = state.idempotency.find_or_begin(store.tenant_id, request, now)
            if replay is not None:
                return replay, None
        call = Call(state, key, request, base_url, params)
        response = self._run(route, call, stored, request_id)
        return response, stored

    def _run(self, route: Route, call: Call, stored: StoredAnswer | None, request_id: str) -> Response:
        """A refusal is an answer too, and is kept under the key."""
        try:
            response = route.view(call)
        except ApiError as error:
            response = self._refuse(error, request_id)
        except BaseException:
            if stored is not None:
                self.state.idempotency.forget(stored)
            raise
        if stored is not None:
            self.state.idempotency.store(stored, response)
        if call.request.method not in ("GET", "HEAD"):
            self.state.store.revision += 1
        return response

    def _refuse(self, error: ApiError, request_id: str) -> Response:
        return error_response(error, request_id, self.state.settings, self.state.canaries)
