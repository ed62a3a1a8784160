"""No test can reach another machine."""

import socket

import pytest

from tests.loopback import NotLoopbackError


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 443), ("2001:db8::1", 80)])
def test_other_addresses_are_refused(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as connection, pytest.raises(NotLoopbackError):
        connection.connect(address)
