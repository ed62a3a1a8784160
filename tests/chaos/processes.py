"""Processes to be killed. Each parent has loaded the code and replaces a killed child at once."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 30.0


class Parent:
    """A parent process whose one child is killed again and again."""

    def __init__(self, command: list[str], log: Path) -> None:
        with log.open("a") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=os.environ, start_new_session=True
            )
        self._parent = psutil.Process(self.process.pid)

    def child(self) -> int:
        """The pid of the running child. Waits for one if there is none."""
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            with suppress(psutil.NoSuchProcess):
                alive = [child for child in self._parent.children() if child.status() != psutil.STATUS_ZOMBIE]
                if alive:
                    return int(alive[0].pid)
            if self.process.poll() is not None:
                raise RuntimeError(f"ended with {self.process.returncode}")
            time.sleep(0.002)
        raise RuntimeError("no child")

    def kill_child(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.child(), signal.SIGKILL)

    def stop(self) -> None:
        children = self._parent.children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for child in children:
            if child.is_running():
                child.kill()


class Web(Parent):
    """The web server as the portal runs it, with one process if that is to be killed."""

    def __init__(self, port: int, log: Path, *, workers: int = 1) -> None:
        self.port = port
        super().__init__([sys.executable, "-m", "tests.chaos.web", str(port), str(workers)], log)

    def post(self, body: bytes) -> threading.Thread:
        """Sends the request in a thread and ignores the response."""

        thread = threading.Thread(target=self.ask, args=(body,), daemon=True)
        thread.start()
        return thread

    def ask(self, body: bytes) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", "/", body)
            return connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()


class Worker(Parent):
    """A forked worker that executes operations; with `whole`, `manage.py worker` itself. Restarted when killed."""

    def __init__(self, log: Path, *, whole: bool = False) -> None:
        super().__init__([sys.executable, "-m", "tests.chaos.processes", *(["whole"] if whole else [])], log)


def fork_workers() -> None:
    """Runs in the parent: forks a worker for operations, and another one when it has ended."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django  # noqa: PLC0415  # only this process needs it

    django.setup()
    from django.db import connections  # noqa: PLC0415  # as above

    from portal.services.operations.background import OperationSource  # noqa: PLC0415  # as above
    from portal.worker import Worker  # noqa: PLC0415  # as above

    connections.close_all()
    while True:
        pid = os.fork()
        if pid == 0:
            Worker([OperationSource()]).run()
            os._exit(0)
        os.waitpid(pid, 0)


def run_workers() -> None:
    while True:
        subprocess.run([sys.executable, str(ROOT / "manage.py"), "worker"], check=False)


if __name__ == "__main__":
    run_workers() if sys.argv[1:] == ["whole"] else fork_workers()
