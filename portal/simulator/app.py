"""Answers one request: a control endpoint, a public page, or the API with its request log and faults."""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from portal.simulator.api.dispatch import Dispatcher
from portal.simulator.control.endpoints import answer_control
from portal.simulator.defaults import APP_PREFIX, CONTROL_PREFIX, MAIL_PREFIX, SITES_PREFIX
from portal.simulator.errors import ApiError, status_of
from portal.simulator.faults import Effect
from portal.simulator.http_server import Reply
from portal.simulator.idempotency import StoredAnswer
from portal.simulator.mailbox import Mailbox, answer_mailbox
from portal.simulator.request_log import Row
from portal.simulator.responses import error_response, request_id_of
from portal.simulator.sites import answer_visit
from portal.simulator.state import State
from portal.simulator.your_app import YourApp


class App:
    """`base_url` is the simulator's public address; without one it follows the request. Set `port` before serving."""

    def __init__(self, state: State, base_url: str | None, your_app: YourApp | None = None) -> None:
        self.state = state
        self.your_app = your_app
        self.port = 0
        self.mailbox = Mailbox()
        self._dispatcher = Dispatcher(state)
        self._base_url = base_url
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ends every delay."""
        self._stopping.set()

    def answer(self, request: Request) -> Reply:
        base_url = self._base_url or self._address_of(request)
        if request.path.startswith(CONTROL_PREFIX):
            return Reply(answer_control(self.state, request, base_url))
        if self.your_app and request.path == APP_PREFIX:
            return Reply(self.your_app.answer(self.state, request, own_url=f"http://127.0.0.1:{self.port}"))
        if request.path.startswith(MAIL_PREFIX):
            return Reply(answer_mailbox(self.mailbox, request))
        is_visit = request.path.startswith(SITES_PREFIX)
        row = self.state.request_log.add(request, self.state.clock.now(), is_visit=is_visit)
        effect = self.state.faults.take(request.method, request.path)
        if effect.get("drop_before"):
            return Reply(Response(), drop=True)
        self._stopping.wait(effect.get("delay_before_s", 0))
        return self._answer_with(effect, request, base_url, row)

    def _answer_with(self, effect: Effect, request: Request, base_url: str, row: Row) -> Reply:
        stored: StoredAnswer | None = None
        if "status" in effect and not effect.get("after"):
            response = self._fault_response(effect, request)
        elif request.path.startswith(SITES_PREFIX):
            response = answer_visit(self.state, request.path)
        else:
            response, stored = self._dispatcher.dispatch(request, base_url)
            if "status" in effect:
                response = self._fault_response(effect, request)
        response = altered(response, effect)
        row["status"] = response.status_code
        self._stopping.wait(effect.get("delay_s", 0))
        self._dispatcher.finish(stored)
        return reply(response, effect)

    def _fault_response(self, effect: Effect, request: Request) -> Response:
        status = int(effect["status"])
        request_id = request_id_of(request)
        if status < 400:
            response = Response(b"{}" if status != 204 else b"", status, content_type="application/json")
        else:
            text = f"{status_of(status).title.lower()}: no healthy host in upstream pool miosa-core-2"
            error = ApiError(status, text)
            response = error_response(error, request_id, self.state.settings, self.state.canaries)
        response.headers["x-request-id"] = request_id
        return response

    def _address_of(self, request: Request) -> str:
        """The address the request was sent to. A host that is not loopback is not repeated: it may be forged."""
        own = f"http://127.0.0.1:{self.port}"
        try:
            host = urlsplit(f"//{request.headers.get('Host', '')}")
            is_own = host.hostname in ("127.0.0.1", "localhost") and host.port == self.port
        except ValueError:
            return own
        return f"http://{host.hostname}:{self.port}" if is_own else own


def altered(response: Response, effect: Effect) -> Response:
    """With the body and headers that the fault demands."""
    if "body" in effect:
        text = str(effect["body"])
        guess = "text/html; charset=utf-8" if text.lstrip().startswith("<") else "application/json"
        headers = [(name, value) for name, value in response.headers.items() if name.startswith("x-")]
        response = Response(text, response.status_code, headers, content_type=effect.get("content_type", guess))
    elif "content_type" in effect:
        response.headers["Content-Type"] = effect["content_type"]
    if "retry_after" in effect:
        response.headers["Retry-After"] = str(effect["retry_after"])
    for name, value in effect.get("headers", {}).items():
        response.headers[str(name)] = str(value)
    return response


def reply(response: Response, effect: Effect) -> Reply:
    pad_bytes = 0
    if "body_bytes" in effect and not response.is_streamed:
        pad_bytes = max(0, int(effect["body_bytes"]) - len(response.get_data()))
    return Reply(
        response,
        drop=bool(effect.get("drop_after")),
        drip_s=float(effect.get("drip_s", 0)),
        cut_after=effect.get("cut_after"),
        pad_bytes=pad_bytes,
        endless=bool(effect.get("endless")),
    )
