"""A DNS server for each test, and a customer's deployment to add domains to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.config import Dns
from portal.permissions import Person
from portal.simulator.dns.server import DnsServer
from portal.simulator.simulator import Simulator
from tests import snapshots
from tests.domains.app import OTHER_SLUG, SLUG, DomainsApp, NameServer, find_app
from tests.services.conftest import operator, person_of, read_all
from tests.simulator_control import SimulatorControl

__all__ = ["operator", "person_of", "read_all"]


@pytest.fixture
def name_server(settings: Settings, simulator: SimulatorControl, running_simulator: Simulator) -> Iterator[NameServer]:
    with DnsServer(running_simulator.state.dns) as server:
        address = f"127.0.0.1:{server.port}"
        settings.DNS = Dns(resolvers=(address,), overrides=(("127.0.0.1", address),))
        yield NameServer(server, simulator)


@pytest.fixture
def owner(person_of: Callable[..., Person]) -> Person:
    return person_of(SLUG)


@pytest.fixture
def other_owner(person_of: Callable[..., Person]) -> Person:
    """An owner of another customer."""
    return person_of(OTHER_SLUG)


@pytest.fixture
def app(name_server: NameServer, read_all: Callable[[], object], owner: Person) -> DomainsApp:
    snapshots.restore_or_create("all", name_server.simulator, read_all)
    return find_app(name_server.simulator, owner, now=timezone.now())
