"""How soon the worker begins what the web accepted, and what it costs while idle: one machine, SQLite.

`start` is from the request that accepts a redeployment until the worker has claimed it; its median may be 50 ms. `idle`
is CPU time of the worker process, in percent of one core; it may be 1 %.

Run alone with `python -m tests.bench.worker`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.bench.confirm import simulator_beside, spread
from tests.bench.web_server import on_processor_s

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 60
WARMING = 5
# Changes are followed up for 90 s.
REST_S = 120.0
IDLE_S = 60.0
START_LIMIT_MS = 50.0
IDLE_LIMIT_PERCENT = 1.0


def main() -> dict[str, Any]:
    with simulator_beside() as url:
        os.environ |= {"SIMULATOR_PORT": url.rsplit(":", 1)[1], "MIOSA_RPM": "100000", "LOG_LEVEL": "ERROR"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
        import django  # noqa: PLC0415  # after the environment

        django.setup()
        read_everything()
        with worker_beside() as worker:
            starts = [start_ms(number) for number in range(ROUNDS + WARMING)][WARMING:]
            time.sleep(REST_S)
            idle = idle_percent(worker)
    found: dict[str, Any] = {"start": spread(starts), "idle": round(idle, 2)}
    found["kept"] = found["start"]["median"] <= START_LIMIT_MS and idle <= IDLE_LIMIT_PERCENT
    sys.stdout.write("worker: ms from accepting an operation until it is claimed; CPU while idle\n")
    sys.stdout.write("  start    " + "  ".join(f"{name} {ms:6.1f}" for name, ms in found["start"].items()) + "\n")
    sys.stdout.write(f"  idle     {idle:.2f} % of a core over {IDLE_S:.0f} s\n")
    sys.stdout.write(f"  limits   {'kept' if found['kept'] else 'NOT KEPT'}\n")
    return found


def read_everything() -> None:
    from django.core.management import call_command  # noqa: PLC0415  # after Django was set up
    from django.utils import timezone  # noqa: PLC0415  # as above

    from portal.services.sync import upstream  # noqa: PLC0415  # as above
    from portal.services.sync.budget import Purpose  # noqa: PLC0415  # as above
    from portal.services.sync.fetch import sweeps  # noqa: PLC0415  # as above

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    client = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=client, now=timezone.now())
    sweeps.sweep_deployments(client=client, now=timezone.now())


@contextmanager
def worker_beside() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT) as process:
        time.sleep(20)  # it reads the history of each deployment first
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def start_ms(number: int) -> float:
    """Milliseconds from the request until the worker has claimed it; accepted as the web process accepts it."""
    from django.utils import timezone  # noqa: PLC0415  # after Django was set up

    from portal.models import Deployment, Operation  # noqa: PLC0415  # as above
    from portal.permissions import Person, Role  # noqa: PLC0415  # as above
    from portal.services.operations import deployments  # noqa: PLC0415  # as above
    from portal.services.operations.submit import DialogIds  # noqa: PLC0415  # as above
    from portal.services.operations.tokens import Confirmation  # noqa: PLC0415  # as above

    rows = Deployment.objects.select_related("customer").filter(
        live_version__isnull=False, customer__is_unassigned=False
    )
    row = rows.order_by("pk")[number % rows.count()]
    by = Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)
    ids = DialogIds(row.customer.slug, row.miosa_id)
    token = deployments.get_dialog("redeploy", ids, by=by, now=timezone.now()).token
    confirmation = Confirmation(token, choice="checkout")
    time.sleep(0.3)
    page = deployments.submit("redeploy", ids, confirmation, by=by, now=timezone.now())
    accepted = time.monotonic()
    operation = Operation.objects.filter(key=page.key)
    while not operation.exclude(runner="", attempts=0).exists():
        time.sleep(0.001)
    took = (time.monotonic() - accepted) * 1000
    while operation.filter(in_lane=True).exists():
        time.sleep(0.05)
    return took


def idle_percent(worker: psutil.Process) -> float:
    began_at, before = time.monotonic(), on_processor_s(worker)
    time.sleep(IDLE_S)
    return 100 * (on_processor_s(worker) - before) / (time.monotonic() - began_at)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
