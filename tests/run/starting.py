"""A whole portal in processes of its own, as `make run` starts it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 60.0
SECONDS_TO_COME_BACK = 10.0
DEATHS_BEFORE_READY = 4


class Running:
    def __init__(self, command: Sequence[str], var: Path, port: int, simulator_port: int, **variables: str) -> None:
        self.port = port
        self.simulator_port = simulator_port
        self.log = var / "log"
        var.mkdir(exist_ok=True)
        surrounding = ("DJANGO_", "MAKE", "MFLAGS", "MIOSA_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(surrounding)}
        environment |= {"VAR_DIR": str(var), "PORT": str(port), "SIMULATOR_PORT": str(simulator_port), **variables}
        self.begun = time.monotonic()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def said(self) -> str:
        return self.log.read_text()

    def get(self, path: str, port: int = 0) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def headers(self, path: str) -> str:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path)
            return str(connection.getresponse().headers).lower()

    def wait_until_ready(self) -> float:
        """How long it took, in seconds."""
        while self.get("/readyz") != (200, "ok"):
            assert self.process.poll() is None, self.said()
            assert self.said().count("ended with") < DEATHS_BEFORE_READY, self.said()
            assert time.monotonic() - self.begun < SECONDS_TO_START, self.said()
            time.sleep(0.05)
        return time.monotonic() - self.begun

    def family(self) -> list[psutil.Process]:
        family: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return family

    def find_child(self, word: str) -> psutil.Process | None:
        """The eldest process whose command line holds the word."""
        return next((process for process in self.family() if word in command_line(process)), None)

    def wait_for_child(self, word: str) -> psutil.Process:
        until = time.monotonic() + SECONDS_TO_COME_BACK
        while (found := self.find_child(word)) is None:
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code. What it leaves behind is an error."""
        family = self.family() if self.process.poll() is None else []
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        _gone, waited_for = psutil.wait_procs(family, timeout=1)
        left = [process for process in waited_for if is_alive(process)]
        for process in left:
            process.kill()
        assert not left, [command_line(process) for process in left]
        return code


def is_alive(process: psutil.Process) -> bool:
    """An orphan that has ended stays a zombie for as long as whoever adopted it takes to notice."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
