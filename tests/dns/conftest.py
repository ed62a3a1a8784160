from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dns.network import Network


@pytest.fixture(scope="session")
def running_network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture
def network(running_network: Network) -> Iterator[Network]:
    running_network.clear()
    yield running_network
    running_network.clear()
