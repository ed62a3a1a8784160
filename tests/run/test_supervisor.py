"""A child that hangs is restarted."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from portal import heartbeat, supervisor
from portal.management.commands import up
from portal.supervisor import Child
from tests.waiting import wait_until

RESPONDS_TWICE = """
import pathlib, sys, time
for _ in range(2):
    pathlib.Path(sys.argv[1]).touch()
    time.sleep(0.1)
time.sleep(600)
"""

RESPONDS = """
import itertools, os, sys, time
open(sys.argv[1], "w").close()
for number in itertools.count():
    os.utime(sys.argv[1], (number, number))
    time.sleep(0.05)
"""


@pytest.fixture
def lines() -> list[str]:
    return []


def test_a_child_that_stops_responding_is_restarted(
    tmp_path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HUNG_AFTER_S", 1.0)
    alive_file = tmp_path / "alive"
    child = Child("worker", [sys.executable, "-c", RESPONDS_TWICE, str(alive_file)], alive_file=alive_file)

    def output(name: str, line: str) -> None:
        lines.append(line)

    def is_replaced(pid: int) -> bool:
        child.kill_if_hung(output)
        child.restart_if_ended(output)
        return child.process is not None and child.process.pid != pid and child.is_running()

    child.start(output)
    assert child.process is not None
    first = child.process.pid
    wait_until(lambda: is_replaced(first), seconds=60)
    assert lines[0] == "has not responded for 1 s"
    assert not psutil.pid_exists(first)
    child.kill()


def test_a_child_that_responds_is_left_alone(tmp_path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the clock of its file is years behind."""
    monkeypatch.setattr(supervisor, "HUNG_AFTER_S", 0.5)
    alive_file = tmp_path / "alive"
    child = Child("worker", [sys.executable, "-c", RESPONDS, str(alive_file)], alive_file=alive_file)
    child.start(lambda _name, line: lines.append(line))
    wait_until(alive_file.exists, seconds=60)
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        child.kill_if_hung(lambda _name, line: lines.append(line))
        threading.Event().wait(0.05)
    assert child.is_running()
    assert lines == []
    child.kill()


def test_the_file_of_the_worker_is_watched() -> None:
    (worker,) = [child for child in up.build_children() if child.name == "worker"]
    assert worker.alive_file == heartbeat.alive_file()
