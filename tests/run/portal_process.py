"""A whole portal in its own processes, as `make run` starts it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import closing
from os.path import basename
from pathlib import Path

import psutil

from tests.ports import pick_port
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
# How long tests wait before they give up. Generous, since other work may keep the machine busy.
TIMEOUT_S = 120.0
MAX_RESTARTS = 4


class PortalProcess:
    """Keeps its data and its output in `var`."""

    def __init__(self, command: Sequence[str], var: Path, **variables: str) -> None:
        self.var = var
        self.port, self.simulator_port = pick_port(), pick_port()
        self.log = var / "log"
        var.mkdir(exist_ok=True)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DJANGO_", "MAKE", "MFLAGS", "MIOSA_"))
        }
        own = {
            "VAR_DIR": str(var),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
            "SIMULATOR_DNS_PORT": str(pick_port()),
            "SIMULATOR_SMTP_PORT": str(pick_port()),
            **variables,
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=inherited | own, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def output(self) -> str:
        return self.log.read_text()

    def get(self, path: str, port: int = 0) -> tuple[int, str]:
        """Status and body; (0, "") without an answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)) as connection:
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                return response.status, response.read().decode()
            except (OSError, http.client.HTTPException):
                return 0, ""

    def get_headers(self, path: str) -> str:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path)
            return str(connection.getresponse().headers).lower()

    def is_ready(self) -> bool:
        return self.get("/readyz") == (200, "ok")

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.output()
            assert self.output().count("ended with") < MAX_RESTARTS, self.output()
            return self.is_ready()

        wait_until(is_ready, seconds=TIMEOUT_S)

    def wait_for_output(self, text: str) -> None:
        wait_until(lambda: text in self.output(), seconds=TIMEOUT_S)

    def list_descendants(self) -> list[psutil.Process]:
        descendants: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return descendants

    def find_child(self, word: str) -> psutil.Process | None:
        """The oldest process with this word among its arguments, whatever the folders are called."""
        named = (process for process in self.list_descendants() if word in map(basename, list_arguments(process)))
        return next(named, None)

    def wait_for_child(self, word: str) -> psutil.Process:
        wait_until(lambda: self.find_child(word) is not None, seconds=TIMEOUT_S)
        child = self.find_child(word)
        assert child is not None, self.output()
        return child

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """The exit code. Fails if a process outlives the portal."""
        descendants = self.list_descendants() if self.process.poll() is None else []
        self.process.send_signal(number)
        code = self.process.wait(timeout=TIMEOUT_S)
        _gone, rest = psutil.wait_procs(descendants, timeout=5)
        left = [process for process in rest if is_alive(process)]
        for process in left:
            process.kill()
        assert not left, [command_line(process) for process in left]
        return code


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs. An orphan that has ended stays a zombie until its new parent has reaped it."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def command_line(process: psutil.Process) -> str:
    return " ".join(list_arguments(process))


def list_arguments(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []
