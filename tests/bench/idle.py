"""The share of one core that each process of an unused demo takes."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from tests.bench.web_server import on_processor_s
from tests.run.portal_process import PortalProcess, list_arguments

# A new demo first reads its simulator for about 90 s.
SETTLE_S = 150.0
MEASURE_S = 60.0
LIMIT_WORKER = 0.01
# By a word among its arguments; the first that fits names a process.
PARTS = ("worker", "simulator", "portal.web", "up")


def main() -> dict[str, Any]:
    folder = Path(os.environ["VAR_DIR"])
    running = PortalProcess([sys.executable, "manage.py", "up"], folder)
    try:
        running.wait_until_ready()
        time.sleep(SETTLE_S)
        shares = measure([psutil.Process(running.process.pid), *running.list_descendants()])
    finally:
        running.stop()
    sys.stdout.write(f"idle: share of one core over {MEASURE_S:.0f} s\n")
    for part, share in shares.items():
        sys.stdout.write(f"  {part:<10} {share:7.2%}\n")
    sys.stdout.write(f"  limit of the worker: {LIMIT_WORKER:.0%}\n")
    return {"shares": shares, "kept": shares["worker"] <= LIMIT_WORKER}


def measure(processes: list[psutil.Process]) -> dict[str, float]:
    before = {process.pid: on_processor_s(process) for process in processes}
    time.sleep(MEASURE_S)
    shares = dict.fromkeys(PARTS, 0.0)
    for process in processes:
        shares[part_of(process)] += (on_processor_s(process) - before[process.pid]) / MEASURE_S
    return shares


def part_of(process: psutil.Process) -> str:
    words = {Path(argument).name for argument in list_arguments(process)}
    if "--multiprocessing-fork" in words:  # the web server's processes say no more than that
        return "portal.web"
    return next((part for part in PARTS if part in words), PARTS[-1])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
