"""The simulator as one object: `Simulator().start()`, `.url`, `.stop()`."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType

from portal.simulator.dns import DnsServer
from portal.simulator.front import Front
from portal.simulator.platform import Platform
from portal.simulator.server import Server, require_loopback
from portal.simulator.statefile import StateFile


class RefusedToStart(RuntimeError):
    pass


class Simulator:
    """With a state file, `seed` and `customers` left out mean: what the file holds.

    With a `dns_port` a name server answers there what `/_control/dns` sets (0: any port, `.dns.port`).
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
    ) -> None:
        if os.environ.get("MIOSA_API_KEY"):
            raise RefusedToStart("MIOSA_API_KEY is set: the simulator never runs beside the real platform")
        require_loopback(host)
        self.platform = Platform(customers=0)
        self.state = StateFile(state_file, self.platform) if state_file else None
        self._front = Front(self.platform, base_url)
        self._server = Server(host, port, self._front.answer)
        self._front.port = self._server.port
        self.warning = self.state.load(seed=seed, customers=customers) if self.state else None
        if not (self.state and self.state.loaded):
            self.platform.reset(
                customers=12 if customers is None else customers, seed_number=1 if seed is None else seed
            )
        self._thread: threading.Thread | None = None
        self.dns = DnsServer(self.platform.dns, dns_port, host=host) if dns_port is not None else None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> Simulator:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="simulator", daemon=True
        )
        self._thread.start()
        if self.dns:
            self.dns.start()
        if self.state:
            self.state.save()
            self.state.start()
        return self

    def stop(self) -> None:
        self._front.stop()
        if self.dns:
            self.dns.stop()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.close_all()
        self.platform.hooks.stop()
        if self.state:
            self.state.stop()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
