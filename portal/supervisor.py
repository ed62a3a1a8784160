"""Keeps a few processes running until it is told to stop. Knows no Django.

Each child leads its own process group, so that stopping it stops whatever it started. On Linux a child is also told
when this process dies without a word.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 4.0
STEADY_AFTER_S = 10.0
STOP_WITHIN_S = 15.0
LOOK_EVERY_S = 0.05
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process to be kept running. `due_at` is set while it waits to be started again."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    wait_s: float = FIRST_WAIT_S
    due_at: float = 0.0

    def start(self, say: Callable[[str, str], None]) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - the command is our own
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - takes no lock, allocates nothing
        )
        self.started_at = time.monotonic()
        threading.Thread(target=self._pass_on, args=(self.process, say), daemon=True).start()

    def _pass_on(self, process: subprocess.Popen[str], say: Callable[[str, str], None]) -> None:
        for line in process.stdout or ():
            say(self.name, line.rstrip("\n"))

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_running():
            self.process.terminate()

    def kill(self) -> None:
        """The whole group, also after its leader has died: what it started may still be there."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of dead ones
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Supervisor:
    def __init__(self, children: Sequence[Child], say: Callable[[str, str], None]) -> None:
        self.children = children
        self.say = say
        self.asked_to_stop = False
        self.stopping = threading.Event()

    def stop(self, number: int, frame: object) -> None:
        """Runs between any two instructions of the main thread, so it takes no lock, which that thread may hold."""
        self.asked_to_stop = True

    def run(self) -> None:
        """Returns when a SIGINT or SIGTERM came and every child is gone."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        try:
            for child in self.children:
                child.start(self.say)
            while not self.asked_to_stop:
                time.sleep(LOOK_EVERY_S)
                for child in self.children:
                    self.revive(child)
        finally:
            self.stopping.set()
            self.stop_all()

    def revive(self, child: Child) -> None:
        """Starts a dead child again, later each time it dies young."""
        if child.is_running() or child.process is None:
            return
        now = time.monotonic()
        if not child.due_at:
            if now - child.started_at > STEADY_AFTER_S:
                child.wait_s = FIRST_WAIT_S
            self.say(child.name, f"ended with {child.process.returncode}; starts again in {child.wait_s:g} s")
            child.kill()
            child.due_at = now + child.wait_s
            child.wait_s = min(child.wait_s * 2, LONGEST_WAIT_S)
        if now >= child.due_at:
            child.due_at = 0.0
            child.start(self.say)

    def stop_all(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        until = time.monotonic() + STOP_WITHIN_S
        while time.monotonic() < until and any(child.is_running() for child in self.children):
            time.sleep(LOOK_EVERY_S)
        for child in self.children:
            child.kill()


def die_with_parent() -> None:
    """Between fork and exec: ask the kernel for a SIGTERM when our parent is gone."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else ctypes.CDLL(None)
