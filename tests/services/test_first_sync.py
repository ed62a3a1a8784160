"""After the first sync, the stored data equals the simulator's."""

from collections.abc import Callable
from datetime import datetime

from portal.models import Customer, Deployment, Version
from tests.simulator_control import SimulatorControl

ReadAll = Callable[[], datetime]


def test_the_first_sync_stores_everything(simulator: SimulatorControl, read_all: ReadAll) -> None:
    read_all()
    world = simulator.state()
    found = {one["id"]: one for customer in world["customers"] for one in customer["deployments"]}
    found |= {one["id"]: one for one in world["unassigned"]}
    stored = {one.miosa_id: one for one in Deployment.objects.select_related("live_version")}
    assert set(stored) == set(found)
    for miosa_id, one in stored.items():
        assert Version.objects.filter(deployment=one).count() == found[miosa_id]["versions"]
        assert (one.live_version.number if one.live_version else None) == found[miosa_id]["live_number"]
        assert one.is_filled
    names = {one.external_id: one.name for one in Customer.objects.exclude(external_id=None)}
    assert all(names[one["external_workspace_id"]] for one in world["customers"])
    assert names["brightsmile-dental"] == "Bright Smile Dental"
