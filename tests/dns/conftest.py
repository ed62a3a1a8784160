from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dns.net import Net


@pytest.fixture(scope="session")
def running_net() -> Iterator[Net]:
    with Net() as net:
        yield net


@pytest.fixture
def net(running_net: Net) -> Iterator[Net]:
    running_net.clear()
    yield running_net
    running_net.clear()
