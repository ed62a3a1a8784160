"""A history of 100,000 versions read for the first time, in constant memory."""

from __future__ import annotations

import json
import os
import sys
import time

import django
import psutil

VERSIONS = 100_000


def main() -> None:
    from portal.simulator.simulator import Simulator  # noqa: PLC0415  # the settings come first
    from tests.ports import pick_port  # noqa: PLC0415  # as above

    os.environ["SIMULATOR_PORT"] = str(pick_port())
    os.environ["MIOSA_RPM"] = "100000"
    child = os.fork()
    if child == 0:
        with Simulator(port=int(os.environ["SIMULATOR_PORT"])):
            time.sleep(600)
        os._exit(0)
    try:
        time.sleep(1)
        django.setup()
        figures = _measure()
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    sys.stdout.write(json.dumps(figures) + "\n")


def _measure() -> dict[str, float]:
    from django.conf import settings  # noqa: PLC0415  # after setup
    from django.core.management import call_command  # noqa: PLC0415  # after setup
    from django.utils import timezone  # noqa: PLC0415  # after setup

    from portal.models import Deployment, Version  # noqa: PLC0415  # after setup
    from portal.services.sync import upstream  # noqa: PLC0415  # after setup
    from portal.services.sync.budget import Purpose  # noqa: PLC0415  # after setup
    from portal.services.sync.fetch import sweeps, version_refresh  # noqa: PLC0415  # after setup
    from tests.simulator_control import SimulatorControl  # noqa: PLC0415  # after setup

    call_command("migrate", verbosity=0)
    control = SimulatorControl(settings.MIOSA.base_url.removesuffix("/api/v1"))
    first = control.state()["customers"][0]["deployments"][0]["id"]
    control.call("POST", "actions", {"action": "history", "deployment_id": first, "count": VERSIONS})
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    deployment = Deployment.objects.get(miosa_id=first)
    memory = psutil.Process()
    before, begun = memory.memory_info().rss, time.monotonic()
    version_refresh.refresh_versions(deployment, client=ask, now=timezone.now())
    took, grown = time.monotonic() - begun, (memory.memory_info().rss - before) / 2**20
    count = Version.objects.filter(deployment=deployment).count()
    sys.stdout.write(f"backfill: {count:,} versions in {took:.0f} s, memory grown by {grown:.0f} MiB\n")
    return {"versions": count, "seconds": took, "grown_mib": grown}


if __name__ == "__main__":
    main()
