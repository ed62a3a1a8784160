"""A name server of its own for each test, and a customer's app to attach domains to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from portal.config import Dns
from portal.permissions import Person
from portal.simulator.dns.server import DnsServer
from portal.simulator.simulator import Simulator
from tests import recall
from tests.domains.attaching import SLUG, Attaching, Net
from tests.services.conftest import operator, person_of, read_all
from tests.simulator_control import SimulatorControl

__all__ = ["operator", "person_of", "read_all"]


@pytest.fixture
def net(settings: Settings, simulator: SimulatorControl, running_simulator: Simulator) -> Iterator[Net]:
    """The same names for the portal, which asks by DNS, and for the hosting service's own check."""
    with DnsServer(running_simulator.state.dns) as server:
        at = f"127.0.0.1:{server.port}"
        settings.DNS = Dns(resolvers=(at,), overrides=(("127.0.0.1", at),))
        yield Net(server, simulator)


@pytest.fixture
def owner(person_of: Callable[..., Person]) -> Person:
    return person_of(SLUG)


@pytest.fixture
def app(net: Net, read_all: Callable[[], object], owner: Person) -> Attaching:
    recall.recall("all", net.control, read_all)
    return Attaching.at(net.control, owner)
