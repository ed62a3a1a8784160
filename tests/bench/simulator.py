"""Response times of the simulator: with keep-alive, and with 5000 customers."""

from __future__ import annotations

import http.client
import json
import sys
import time
from statistics import median
from urllib.parse import urlsplit

from portal.config import DEMO_KEY
from portal.simulator.simulator import Simulator

REQUESTS = 60
CUSTOMERS = 5000
PATHS = ("deployments?limit=100", "deployments?external_workspace_id=maple-vets", "workspaces?limit=100")


def main() -> None:
    with Simulator() as simulator:
        figures = {"keep-alive: ms": measure_request(simulator.url, "deployments?limit=5")}
    started_at = time.monotonic()
    with Simulator(customers=CUSTOMERS) as simulator:
        figures[f"{CUSTOMERS} customers: s to start"] = round(time.monotonic() - started_at, 1)
        figures |= {f"{CUSTOMERS} customers: ms for {path}": measure_request(simulator.url, path) for path in PATHS}
    sys.stdout.write("".join(f"  {name}: {figure}\n" for name, figure in figures.items()))
    sys.stdout.write(json.dumps(figures) + "\n")


def measure_request(url: str, path: str) -> float:
    """The median time in ms of requests over one connection. Small unbuffered writes would take 40 ms each."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    times = []
    for _request in range(REQUESTS):
        started_at = time.perf_counter()
        connection.request("GET", f"/api/v1/{path}", headers={"Authorization": f"Bearer {DEMO_KEY}"})
        connection.getresponse().read()
        times.append((time.perf_counter() - started_at) * 1000)
    connection.close()
    return round(median(times), 2)


if __name__ == "__main__":
    main()
