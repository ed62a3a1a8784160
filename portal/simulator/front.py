"""What every request passes: the log, faults on purpose, and the door it is for."""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from portal.simulator import control, nouns, sites
from portal.simulator.errors import TITLES, Refusal
from portal.simulator.faults import Effects
from portal.simulator.idempotency import Kept
from portal.simulator.platform import Platform, request_id_for
from portal.simulator.requestlog import Row
from portal.simulator.server import Reply

__all__ = ["Front", "nouns"]  # nouns: importing it registers the routes


class Front:
    def __init__(self, platform: Platform, base_url: str | None) -> None:
        self.platform = platform
        self.control = control.Control(platform)
        self.port = 0
        self._base_url = base_url
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ends every delay."""
        self._stopping.set()

    def answer(self, request: Request) -> Reply:
        base_url = self._base_url or self._asked_at(request)
        if request.path.startswith(control.PREFIX):
            return Reply(self.control.answer(request, base_url))
        row = self.platform.log.arrived(request, self.platform.clock.now(), site=request.path.startswith(sites.PREFIX))
        effects = self.platform.faults.take(request.method, request.path)
        if effects.get("drop_before"):
            return Reply(Response(), drop=True)
        self._stopping.wait(effects.get("delay_before_s", 0))
        return self._answer(request, base_url, effects, row)

    def _answer(self, request: Request, base_url: str, effects: Effects, row: Row) -> Reply:
        entry: Kept | None = None
        if "status" in effects and not effects.get("after"):
            response = self._canned(request, effects)
        elif request.path.startswith(sites.PREFIX):
            response = self.platform.site(request)
        else:
            response, entry = self.platform.answer(request, base_url)
            if "status" in effects:
                response = self._canned(request, effects)
        response = altered(response, effects)
        row["status"] = response.status_code
        self._stopping.wait(effects.get("delay_s", 0))
        self.platform.settle(entry)
        return delivery(response, effects)

    def _canned(self, request: Request, effects: Effects) -> Response:
        status = int(effects["status"])
        request_id = request_id_for(request)
        if status < 400:
            response = Response(b"{}" if status != 204 else b"", status, content_type="application/json")
        else:
            text = f"{TITLES.get(status, 'Error').lower()}: upstream pool miosa-core-2 said so"
            response = self.platform.refused(Refusal(status, text), request_id)
        response.headers["x-request-id"] = request_id
        return response

    def _asked_at(self, request: Request) -> str:
        """The address the request came in on; a name that is not loopback's is not repeated."""
        own = f"http://127.0.0.1:{self.port}"
        try:
            host = urlsplit(f"//{request.headers.get('Host', '')}")
            known = host.hostname in ("127.0.0.1", "localhost") and host.port == self.port
        except ValueError:
            return own
        return f"http://{host.hostname}:{self.port}" if known else own


def altered(response: Response, effects: Effects) -> Response:
    if "body" in effects:
        text = str(effects["body"])
        guess = "text/html; charset=utf-8" if text.lstrip().startswith("<") else "application/json"
        headers = [(name, value) for name, value in response.headers.items() if name.startswith("x-")]
        response = Response(text, response.status_code, headers, content_type=effects.get("content_type", guess))
    elif "content_type" in effects:
        response.headers["Content-Type"] = effects["content_type"]
    if "retry_after" in effects:
        response.headers["Retry-After"] = str(effects["retry_after"])
    for name, value in effects.get("headers", {}).items():
        response.headers[str(name)] = str(value)
    return response


def delivery(response: Response, effects: Effects) -> Reply:
    missing = 0
    if "body_bytes" in effects and not response.is_streamed:
        missing = max(0, int(effects["body_bytes"]) - len(response.get_data()))
    return Reply(
        response,
        drop=bool(effects.get("drop_after")),
        drip_s=float(effects.get("drip_s", 0)),
        cut_after=effects.get("cut_after"),
        pad_bytes=missing,
        endless=bool(effects.get("endless")),
    )
