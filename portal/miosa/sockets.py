"""Sockets that know when the whole call must be over, and whether anything was sent.

A read timeout bounds one wait; a server that drips a byte now and then can stretch a call for ever. So each wait is
given only what is left of the call's deadline: through headers, chunks and TLS alike.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import Any


class Call:
    """One request on the wire, from this thread."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.sent = False

    def left_s(self) -> float:
        return self.ends_at - time.monotonic()


class _Current(threading.local):
    call: Call | None = None


current = _Current()


def left_or_timeout(most: float | None = None) -> float | None:
    """Seconds the next wait may take; TimeoutError when none are left."""
    if current.call is None:
        return most
    left = current.call.left_s()
    if left <= 0:
        raise TimeoutError("the call's deadline has passed")
    return left if most is None else min(left, most)


def _mark_sent() -> None:
    if current.call is not None:
        current.call.sent = True


class BoundedSocket(socket.socket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(left_or_timeout())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(left_or_timeout())
        _mark_sent()
        super().sendall(*args, **kwargs)


class BoundedTLSSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(left_or_timeout())
        super().do_handshake(block)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(left_or_timeout())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        _mark_sent()
        super().sendall(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(left_or_timeout())
        return super().send(*args, **kwargs)


def connect(host: str, port: int, most_s: float) -> socket.socket:
    """A connection to the first address that takes one. `most_s` bounds each try, the call's deadline all of them."""
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM):
        candidate = BoundedSocket(family, kind, protocol)
        try:
            candidate.settimeout(left_or_timeout(most_s))
            candidate.connect(address)
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            candidate.close()
            failure = error
            continue
        return candidate
    raise failure
