"""The simulator as one object: `Simulator().start()`, `.url`, `.stop()`."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from portal.simulator import control, nouns  # noqa: F401  nouns registers the routes
from portal.simulator.calls import PREFIX as API
from portal.simulator.platform import Platform
from portal.simulator.server import Reply, Server


class RefusedToStart(RuntimeError):
    pass


class Simulator:
    def __init__(
        self,
        *,
        port: int = 0,
        customers: int = 12,
        seed: int = 1,
        state_file: str | Path | None = None,
        host: str = "127.0.0.1",
        base_url: str | None = None,
    ) -> None:
        if os.environ.get("MIOSA_API_KEY"):
            raise RefusedToStart("MIOSA_API_KEY is set: the simulator never runs beside the real platform")
        self.platform = Platform(customers=customers, seed_number=seed)
        self._control = control.Control(self.platform)
        self._server = Server(host, port, self._answer)
        self._base_url = base_url
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> Simulator:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="simulator", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.close_all()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answer(self, request: Request) -> Reply:
        base_url = self._base_url or self._asked_at(request)
        if request.path.startswith(control.PREFIX):
            return Reply(self._control.answer(request, base_url))
        row = self.platform.log.arrived(request, self.platform.clock.now())
        response = self.platform.answer(request, base_url)
        row["status"] = response.status_code
        return Reply(response)

    def _asked_at(self, request: Request) -> str:
        """The address the request came in on; a name that is not loopback's is not repeated."""
        host = urlsplit(f"//{request.headers.get('Host', '')}")
        try:
            port = host.port
        except ValueError:
            port = None
        if host.hostname in ("127.0.0.1", "localhost") and port == self._server.port:
            return f"http://{host.hostname}:{port}"
        return self.url


__all__ = ["API", "RefusedToStart", "Simulator"]
