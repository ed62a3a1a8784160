"""The whole simulator: `with Simulator() as simulator: simulator.url`."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType

from portal.simulator.app import App
from portal.simulator.defaults import SEED_CUSTOMERS, SEED_NUMBER
from portal.simulator.dns.server import DnsServer
from portal.simulator.http_server import POLL_S, HttpServer, require_loopback
from portal.simulator.mailbox import MailServer
from portal.simulator.state import Seed, State
from portal.simulator.state_file import StateFile
from portal.simulator.your_app import YourApp


class RefusedToStart(RuntimeError):
    pass


class Simulator:
    """Listens on `port` of a loopback address; 0 means any free port. `your_app` has a page at /your-app/.

    With an `smtp_port`, a mail server on that port takes every mail; /mail/ shows them.

    With a state file, an omitted `seed` or `customers` means: whatever the file holds. With a `dns_port`, a DNS
    server on that port answers what /_control/dns sets. Raises RefusedToStart, ValueError for a host that is not
    loopback, and OSError for a port in use.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        customers: int | None = None,
        seed: int | None = None,
        state_file: str | Path | None = None,
        host: str = "127.0.0.1",
        base_url: str | None = None,
        dns_port: int | None = None,
        your_app: YourApp | None = None,
        smtp_port: int | None = None,
    ) -> None:
        if os.environ.get("MIOSA_API_KEY"):
            raise RefusedToStart("MIOSA_API_KEY is set: the simulator never runs beside the real platform")
        require_loopback(host)
        self.state = State()
        self.state_file = StateFile(state_file, self.state) if state_file else None
        self._app = App(self.state, base_url, your_app)
        self._server = HttpServer(host, port, self._app.answer)
        self._app.port = self._server.port
        self.warning = self.state_file.load(seed=seed, customers=customers) if self.state_file else None
        if not (self.state_file and self.state_file.is_loaded):
            self.state.reset(
                Seed(SEED_NUMBER if seed is None else seed, SEED_CUSTOMERS if customers is None else customers)
            )
        self._thread: threading.Thread | None = None
        self.dns = DnsServer(self.state.dns, dns_port, host=host) if dns_port is not None else None
        self.smtp = MailServer(self._app.mailbox, smtp_port, host=host) if smtp_port is not None else None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> Simulator:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": POLL_S}, name="simulator", daemon=True
        )
        self._thread.start()
        if self.dns:
            self.dns.start()
        if self.smtp:
            self.smtp.start()
        if self.state_file:
            self.state_file.start()
        return self

    def stop(self) -> None:
        self._app.stop()
        if self.dns:
            self.dns.stop()
        if self.smtp:
            self.smtp.stop()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.close_all()
        self.state.webhooks.stop()
        if self.state_file:
            self.state_file.stop()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
