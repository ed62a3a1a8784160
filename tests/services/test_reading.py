"""What is remembered of the seeded company is what the simulator holds."""

from collections.abc import Callable
from datetime import datetime

from portal.models import Customer, Deployment, Version
from tests.simulator_control import SimulatorControl

ReadAll = Callable[[], datetime]


def test_the_seeded_company_is_remembered_whole(simulator: SimulatorControl, read_all: ReadAll) -> None:
    read_all()
    world = simulator.state()
    told = {one["id"]: one for customer in world["customers"] for one in customer["deployments"]}
    told |= {one["id"]: one for one in world["unassigned"]}
    remembered = {one.miosa_id: one for one in Deployment.objects.select_related("live_version")}
    assert set(remembered) == set(told)
    for miosa_id, one in remembered.items():
        assert Version.objects.filter(deployment=one).count() == told[miosa_id]["versions"]
        assert (one.live_version.number if one.live_version else None) == told[miosa_id]["live_number"]
        assert one.is_filled
    names = {one.external_id: one.name for one in Customer.objects.exclude(external_id=None)}
    assert all(names[one["external_workspace_id"]] for one in world["customers"])
    assert names["brightsmile-dental"] == "Bright Smile Dental"
