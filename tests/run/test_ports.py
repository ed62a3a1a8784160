"""Ports that tests pick for the processes they start."""

import socket
import subprocess
import sys

from tests.ports import PORTS, pick_port

PICK = "from tests.ports import pick_port; print(pick_port())"


def test_no_two_test_processes_get_the_same_port() -> None:
    own = {pick_port(), pick_port()}
    other = subprocess.run([sys.executable, "-c", PICK], capture_output=True, text=True, check=True).stdout
    assert len(own | {int(other)}) == 3


def test_outgoing_connections_take_none_of_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        assert client.getsockname()[1] not in PORTS
