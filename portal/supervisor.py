"""Runs child processes, restarts those that end, and stops them all. Knows no Django.

Each child leads its own process group, so that stopping it also stops what it has started. On Linux the kernel stops a
child when the supervisor is killed.
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
from pathlib import Path

FIRST_RESTART_AFTER_S = 0.2
LAST_RESTART_AFTER_S = 4.0
STABLE_AFTER_S = 10.0
STOP_TIMEOUT_S = 15.0
HUNG_AFTER_S = 30.0
POLL_INTERVAL_S = 0.05
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)

# Takes the name of a child and one line of its output.
Output = Callable[[str, str], None]


@dataclass
class Child:
    """A process to keep running. `restart_at` is set (monotonic time) while it waits for its restart.

    A child with an `alive_file` touches it every few seconds; if it stops doing so, it hangs and is restarted.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    alive_file: Path | None = None
    process: subprocess.Popen[str] | None = None
    alive_at: float = 0.0
    alive_mark: int = 0
    started_at: float = 0.0
    restart_after_s: float = FIRST_RESTART_AFTER_S
    restart_at: float | None = None

    def start(self, output: Output) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - the command is our own
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - takes no lock
        )
        self.started_at = self.alive_at = time.monotonic()
        threading.Thread(target=self._copy_output, args=(self.process, output), daemon=True).start()

    def _copy_output(self, process: subprocess.Popen[str], output: Output) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for line in lines:
                output(self.name, line.rstrip("\n"))

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def terminate(self) -> None:
        if self.process is not None and self.is_running():
            self.process.terminate()

    def kill(self) -> None:
        """Kills the whole group, also after its leader has ended: processes that it started may still run."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS raises the second for a dead group
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_if_hung(self, output: Output) -> None:
        """The time of the file is only compared with itself, so that a changed clock ends nobody."""
        if self.alive_file is None or not self.is_running():
            return
        now, mark = time.monotonic(), read_mark(self.alive_file)
        if mark != self.alive_mark:
            self.alive_mark, self.alive_at = mark, now
        elif now - self.alive_at > HUNG_AFTER_S:
            output(self.name, f"has not responded for {HUNG_AFTER_S:g} s")
            self.kill()

    def restart_if_ended(self, output: Output) -> None:
        """Restarts an ended child after a delay, which doubles each time it ends soon after its start."""
        if self.process is None or self.is_running():
            return
        now = time.monotonic()
        if self.restart_at is None:
            if now - self.started_at > STABLE_AFTER_S:
                self.restart_after_s = FIRST_RESTART_AFTER_S
            output(self.name, f"ended with code {self.process.returncode}; restarts in {self.restart_after_s:g} s")
            self.kill()
            self.restart_at = now + self.restart_after_s
            self.restart_after_s = min(self.restart_after_s * 2, LAST_RESTART_AFTER_S)
        elif now >= self.restart_at:
            self.restart_at = None
            self.start(output)


class Supervisor:
    def __init__(self, children: Sequence[Child], output: Output) -> None:
        self.children = children
        self.output = output
        self.stop_requested = False
        self.stopping = threading.Event()

    def request_stop(self, number: int, frame: object) -> None:
        """A signal handler. It only sets a flag, since the main thread may hold any lock at that moment."""
        self.stop_requested = True

    def run(self) -> None:
        """Returns after a SIGINT, SIGTERM or SIGHUP, when all children have ended."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.request_stop)
        try:
            for child in self.children:
                child.start(self.output)
            while not self.stop_requested:
                time.sleep(POLL_INTERVAL_S)
                for child in self.children:
                    child.kill_if_hung(self.output)
                    child.restart_if_ended(self.output)
        finally:
            self.stopping.set()
            self.stop_children()

    def stop_children(self) -> None:
        for child in self.children:
            child.terminate()
        until = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < until and any(child.is_running() for child in self.children):
            time.sleep(POLL_INTERVAL_S)
        for child in self.children:
            child.kill()


def read_mark(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def end_with_parent() -> None:
    """The kernel sends this process a SIGTERM when its parent ends (Linux). May run between fork and exec."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
