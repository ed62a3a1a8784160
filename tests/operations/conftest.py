import dataclasses
from collections.abc import Callable

import pytest
from pytest_django import Settings

from portal.permissions import Person
from portal.simulator.simulator import Simulator
from tests.operations.app import App
from tests.services.conftest import operator, person_of
from tests.simulator_control import SimulatorControl

__all__ = ["operator", "person_of"]


@pytest.fixture
def app(
    simulator: SimulatorControl, running_simulator: Simulator, operator: Person, person_of: Callable[..., Person]
) -> App:
    """Bright Smile Dental's main site, at a MIOSA that completes every change at once."""
    simulator.configure(step_times="instant")
    return App(simulator, running_simulator, owner=person_of("brightsmile-dental"), operator=operator)


@pytest.fixture
def without_keys(simulator: SimulatorControl, settings: Settings) -> None:
    """A MIOSA that honours no idempotency keys, and a portal that is configured for it."""
    simulator.configure(idempotency="off")
    settings.MIOSA = dataclasses.replace(settings.MIOSA, honours_idempotency=False)
