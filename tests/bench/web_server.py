"""One web process with its CPU and memory, and a client that keeps one connection open."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil

from tests.ports import pick_port


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]


@dataclass
class Server:
    """The web server with one process of four threads on the bench's settings."""

    environment: dict[str, str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Server:
        self.port = pick_port()
        # The one connection is kept, also between rounds.
        start = "from portal import web; web.KEEP_ALIVE_S = 75; web.serve()"
        own = {"PORT": str(self.port), "WEB_WORKERS": "1", "WEB_THREADS": "4", "LOG_LEVEL": "ERROR"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", start],
            env={**os.environ, **own, **self.environment},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if self.get("/healthz").status == 200:
                    return self
            except OSError:
                self._connection = None
                time.sleep(0.1)
        raise RuntimeError("the server does not answer")

    def __exit__(self, *_ended: object) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=20)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        token = self.cookies.get("csrftoken", "")
        return self._ask(
            "POST", path, body, {"X-CSRFToken": token, "Referer": f"http://127.0.0.1:{self.port}/", **headers}
        )

    def cpu_s(self) -> float:
        """Time on a processor so far of the worker, and of the database's processes that answer it."""
        return sum(map(on_processor_s, (self.worker(), *self._database())))

    def _database(self) -> list[psutil.Process]:
        """Connections live as long as the worker's threads do; what cleans up between them comes and goes."""
        url = urlsplit(os.environ.get("TEST_DATABASE_URL", ""))
        if not url.scheme.startswith("postgres"):
            return []
        (folder,) = parse_qs(url.query)["host"]  # the folder of its socket also has its pid
        postmaster = int((Path(folder) / "postmaster.pid").read_text().split()[0])
        children = psutil.Process(postmaster).children()
        return [child for child in children if "[local]" in " ".join(child.cmdline())]

    def private_mib(self) -> float:
        """The worker's anonymous memory, which no other process shares."""
        status = Path(f"/proc/{self.worker().pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
        return int(line.split()[1]) / 1024

    def worker(self) -> psutil.Process:
        if self.process is None:
            raise RuntimeError("not started")
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if "--multiprocessing-fork" in child.cmdline())

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body, {"Cookie": cookie, **named})
        answer = self._connection.getresponse()
        told = answer.read()
        for header in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return Answer(answer.status, told, dict(answer.headers.items()))


def on_processor_s(process: psutil.Process) -> float:
    """As the scheduler counts it, in nanoseconds; user and system time have a resolution of 10 ms."""
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
