"""From a confirmed form to MIOSA receiving the first request of it, with the commit of its row: one process, SQLite.

`first` is the look just before, `change` the request that changes something, `page` the whole deed with what is read
back. The limit is 15 ms for the median of `first`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any

ROUNDS = 60
WARMING = 5
LIMIT_MS = 15.0
SIMULATE = """
import sys
from portal.simulator.simulator import Simulator
with Simulator() as simulator:
    print(simulator.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def simulator_beside() -> Iterator[str]:
    """In a process of its own, so that it takes nothing from the one that is measured."""
    command = [sys.executable, "-c", SIMULATE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def main() -> dict[str, Any]:
    with simulator_beside() as url:
        os.environ |= {"SIMULATOR_PORT": url.rsplit(":", 1)[1], "MIOSA_RPM": "100000", "LOG_LEVEL": "ERROR"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
        import django  # noqa: PLC0415  # after the environment

        django.setup()
        found = measure(url)
    sys.stdout.write("confirm: ms from the click until MIOSA has received it\n")
    for name in ("first", "change", "page"):
        told = found[name]
        columns = "  ".join(f"{column} {figure:6.1f}" for column, figure in told.items())
        sys.stdout.write(f"  {name:<8} {columns}\n")
    sys.stdout.write(f"  limit of first: {LIMIT_MS:.0f} ms, {'kept' if found['kept'] else 'NOT KEPT'}\n")
    return found


def measure(url: str) -> dict[str, Any]:
    from django.core.management import call_command  # noqa: PLC0415  # after Django was set up
    from django.utils import timezone  # noqa: PLC0415  # as above

    from portal.models import Deployment  # noqa: PLC0415  # as above
    from portal.services.sync import upstream  # noqa: PLC0415  # as above
    from portal.services.sync.budget import Purpose  # noqa: PLC0415  # as above
    from portal.services.sync.fetch import sweeps, version_refresh  # noqa: PLC0415  # as above
    from tests.simulator_control import SimulatorControl  # noqa: PLC0415  # as above

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    row = Deployment.objects.select_related("customer").get(name="Main site", customer__slug="brightsmile-dental")
    version_refresh.refresh_versions(row, client=ask, now=timezone.now())
    control = SimulatorControl(url)
    rounds = [one_round(control, row) for _round in range(ROUNDS + WARMING)][WARMING:]
    found: dict[str, Any] = {name: spread([each[name] for each in rounds]) for name in ("first", "change", "page")}
    found["kept"] = found["first"]["median"] <= LIMIT_MS
    return found


def one_round(control: Any, row: Any) -> dict[str, float]:
    """To the newest or the one before it, whichever is not live."""
    from django.utils import timezone  # noqa: PLC0415  # after Django was set up

    from portal.models import Version  # noqa: PLC0415  # as above
    from portal.permissions import Person, Role  # noqa: PLC0415  # as above
    from portal.services.operations import releases  # noqa: PLC0415  # as above
    from portal.services.operations.submit import DialogIds  # noqa: PLC0415  # as above
    from portal.services.operations.tokens import Confirmation  # noqa: PLC0415  # as above

    row.refresh_from_db()
    target = Version.objects.filter(deployment=row).exclude(miosa_id=row.active_version_id).order_by("-number")[0]
    kind = "promote" if (target.number or 0) > row.live_version.number else "roll_back"
    by = Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)
    ids = DialogIds(row.customer.slug, row.miosa_id, target.miosa_id)
    token = releases.get_dialog(kind, ids, by=by, now=timezone.now()).token
    confirmation = Confirmation(token, choice="checkout")
    clicked = time.time()
    page = releases.submit(kind, ids, confirmation, by=by, now=timezone.now())
    done = time.time()
    if page.state != "succeeded":
        raise RuntimeError(page.error)
    rows = control.call("GET", "requests?since=0&details=1")["requests"]
    ours = [each for each in rows if each["details"]["request_id"] == page.key.hex]
    change = next(each for each in ours if each["method"] != "GET")
    received = ours[0]["details"]["received_at"], change["details"]["received_at"]
    return {
        "first": (received[0] - clicked) * 1000,
        "change": (received[1] - clicked) * 1000,
        "page": (done - clicked) * 1000,
    }


def spread(figures: list[float]) -> dict[str, float]:
    return {
        "median": round(median(figures), 1),
        "p90": round(quantiles(figures, n=10)[-1], 1),
        "worst": round(max(figures), 1),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
