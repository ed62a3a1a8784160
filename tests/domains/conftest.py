"""A DNS server for each test, and a customer's deployment to add domains to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.config import Dns
from portal.permissions import Person
from portal.simulator import Simulator
from portal.simulator.dns import DnsServer
from tests import recall
from tests.domains.app import OTHER_SLUG, SLUG, DomainsApp, NameServer, find_app
from tests.playing import Playing
from tests.services.conftest import operator, person_of, read_all

__all__ = ["operator", "person_of", "read_all"]


@pytest.fixture
def name_server(settings: Settings, simulator: Playing, running_simulator: Simulator) -> Iterator[NameServer]:
    with DnsServer(running_simulator.platform.dns) as server:
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
    recall.recall("all", name_server.simulator, read_all)
    return find_app(name_server.simulator, owner, now=timezone.now())
