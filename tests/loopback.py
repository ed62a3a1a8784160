"""Tests may connect to this machine only. Any other address is an error at once."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any


class NotLoopbackError(RuntimeError):
    """Not an OSError, so that the code under test doesn't take it for an unreachable network."""


def is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):  # the path of a Unix socket
        return True
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return bool(address[0] == "localhost")


def guard() -> None:
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, guarded(getattr(socket.socket, name)))


def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: socket.socket, *arguments: Any) -> Any:
        if not is_loopback(arguments[-1]):
            raise NotLoopbackError(f"a test tried to connect to {arguments[-1]!r}")
        return original(self, *arguments)

    return call
