"""Deadlines of whole requests, and sockets that keep them.

The read timeout of `requests` bounds one wait, so a server that sends a byte now and then can stretch a request without
end. Here every wait gets only what is left of the request's deadline: while connecting, in the TLS handshake, for
headers and for each part of the body.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import Any, Self

CONNECT_TIMEOUT_S = 1.0  # for one address
READ_DEADLINE_S = 2.5  # for a read with all its retries
CHANGE_DEADLINE_S = 10.0
PUBLISH_DEADLINE_S = 60.0  # publish and redeploy build something


class Deadline:
    """A moment, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    @property
    def left_s(self) -> float:
        """Seconds until then; negative afterwards."""
        return self._ends_at - time.monotonic()


class Exchange:
    """A context for one request on this thread: its sockets keep `deadline` and note when something was `sent`."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.sent = False

    def __enter__(self) -> Self:
        _current.exchange = self
        return self

    def __exit__(self, *_: object) -> None:
        _current.exchange = None


class _Current(threading.local):
    exchange: Exchange | None = None


_current = _Current()


def _timeout(limit_s: float | None = None) -> float | None:
    """How long the next wait may take, in seconds. Raises TimeoutError when no time is left."""
    if _current.exchange is None:
        return limit_s
    left_s = _current.exchange.deadline.left_s
    if left_s <= 0:
        raise TimeoutError("the request's deadline has passed")
    return left_s if limit_s is None else min(left_s, limit_s)


def _mark_sent() -> None:
    if _current.exchange is not None:
        _current.exchange.sent = True


class DeadlineSocket(socket.socket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_timeout())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(_timeout())
        _mark_sent()
        super().sendall(*args, **kwargs)


class DeadlineTLSSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(_timeout())
        super().do_handshake(block)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_timeout())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        _mark_sent()
        super().sendall(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_timeout())
        return super().send(*args, **kwargs)


def connect(host: str, port: int) -> socket.socket:
    """A connection to the first address of `host` that accepts one. Raises OSError.

    CONNECT_TIMEOUT_S bounds each try, the current exchange's deadline all of them.
    """
    failure = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM):
        connection = DeadlineSocket(family, kind, protocol)
        try:
            connection.settimeout(_timeout(CONNECT_TIMEOUT_S))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            failure = error
            continue
        return connection
    raise failure
