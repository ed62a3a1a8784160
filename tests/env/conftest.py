from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.permissions import Person
from tests import recall
from tests.env.booking import SLUG, Booking
from tests.services.conftest import operator, person_of, read_all
from tests.simulator_control import SimulatorControl

__all__ = ["operator", "person_of", "read_all"]


@pytest.fixture
def owner(person_of: Callable[..., Person]) -> Person:
    return person_of(SLUG)


@pytest.fixture
def booking(simulator: SimulatorControl, read_all: Callable[[], object], owner: Person) -> Booking:
    recall.recall("all", simulator, read_all)
    found = next(
        app["id"]
        for customer in simulator.state()["customers"]
        if customer["external_workspace_id"] == SLUG
        for app in customer["deployments"]
        if app["name"] == "Booking"
    )
    return Booking(id=found, owner=owner)
