"""A portal with its own database and simulator, and the number of changes that the simulator made."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.simulator.simulator import Simulator
from tests.ports import pick_port
from tests.simulator_control import SimulatorControl

CUSTOMERS = 40


@dataclass
class Installation:
    var: Path
    simulator: Simulator
    control: SimulatorControl
    web_port: int

    def count_changes(self, deployment_id: str) -> int:
        """How often a version of this deployment was activated, published or built."""
        there = self.simulator.state.store.deployments[deployment_id]
        return len(there.activations) + len(there.versions) + len(there.builds)


@contextmanager
def run_installation(*, with_keys: bool) -> Iterator[Installation]:
    """Sets up Django, once per process, with settings from the environment that is prepared here."""
    with (
        tempfile.TemporaryDirectory(prefix="deploy-desk-chaos-") as folder,
        Simulator(customers=CUSTOMERS) as simulator,
    ):
        for name in [name for name in os.environ if name.startswith(("MIOSA_", "DATABASE_", "CACHE_", "DJANGO_"))]:
            del os.environ[name]
        os.environ |= {
            "VAR_DIR": folder,
            "SIMULATOR_PORT": simulator.url.rsplit(":", 1)[1],
            "MIOSA_RPM": "100000",
            "MIOSA_HONOURS_IDEMPOTENCY": "true" if with_keys else "false",
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        import django  # noqa: PLC0415  # after the environment

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415  # as above

        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        control = SimulatorControl(simulator.url)
        control.configure(
            idempotency="on" if with_keys else "off", step_times="instant", redeploy_answer="build", artifact_gc="never"
        )
        yield Installation(Path(folder), simulator, control, pick_port())


def sync_apps(installation: Installation, count: int) -> list[tuple[str, str]]:
    """Creates a history for `count` apps and syncs them. Returns (customer's slug, deployment id) of each."""
    from django.utils import timezone  # noqa: PLC0415  # after the environment

    from portal.models import Deployment  # noqa: PLC0415  # as above
    from portal.services.sync import upstream  # noqa: PLC0415  # as above
    from portal.services.sync.budget import Purpose  # noqa: PLC0415  # as above
    from portal.services.sync.fetch import sweeps, version_refresh  # noqa: PLC0415  # as above

    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    there = installation.simulator.state.store
    ordinary = [
        app
        for app in there.deployments.values()
        if (app.scenario, app.kind) == ("ordinary", "static") and app.active_version_id
    ]
    chosen = [
        app.id
        for app in ordinary
        if any(box.state != "destroyed" for box in there.newest_sandboxes(app.attribution.workspace))
    ]
    for deployment_id in chosen[:count]:
        installation.control.run_action("history", deployment_id=deployment_id, count=3)
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    rows = list(Deployment.objects.filter(miosa_id__in=chosen[:count]).select_related("customer"))
    for row in rows:
        version_refresh.refresh_versions(row, client=ask, now=timezone.now())
    return [(row.customer.slug, row.miosa_id) for row in rows]
