from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.permissions import Person
from tests import snapshots
from tests.env_vars.client import SLUG, EnvVarsClient
from tests.services.conftest import operator, person_of, read_all
from tests.simulator_control import SimulatorControl

__all__ = ["operator", "person_of", "read_all"]


@pytest.fixture
def owner(person_of: Callable[..., Person]) -> Person:
    return person_of(SLUG)


@pytest.fixture
def env_vars(simulator: SimulatorControl, read_all: Callable[[], object], owner: Person) -> EnvVarsClient:
    """Of the customer's app "Booking", which has some env vars already."""
    snapshots.restore_or_create("all", simulator, read_all)
    deployment_id = next(
        app["id"]
        for customer in simulator.state()["customers"]
        if customer["external_workspace_id"] == SLUG
        for app in customer["deployments"]
        if app["name"] == "Booking"
    )
    return EnvVarsClient(deployment_id, owner)
