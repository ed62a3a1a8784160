"""A loopback server that sends scripted bytes and records the requests it received."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import pytest

from portal import miosa

MEGABYTE = 1024 * 1024
FAR_BEYOND_S = 10.0  # without a working deadline, calls would take minutes or never end


class ReceivedRequest(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Responder = Callable[[socket.socket, ReceivedRequest], None]


class ScriptedServer:
    """Each request gets the next responder; the last one is repeated."""

    def __init__(self, *responders: Responder, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[ReceivedRequest] = []
        self.connections = 0
        self._responders = list(responders)
        self._tls = tls
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self._tls else f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # A listener that is only closed keeps waiting in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connection = self._tls.wrap_socket(plain, server_side=True)
            reader = connection.makefile("rb")
            while request := _read_request(reader):
                with self._lock:
                    self.requests.append(request)
                    respond_to = self._responders.pop(0) if len(self._responders) > 1 else self._responders[0]
                respond_to(connection, request)
        except (OSError, ValueError, threading.BrokenBarrierError):
            pass
        finally:
            connection.close()


def _read_request(reader: Any) -> ReceivedRequest | None:
    first = reader.readline()
    if not first:
        return None
    method, target, _ = first.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while line := reader.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return ReceivedRequest(method, target, headers, reader.read(int(headers.get("content-length", "0"))))


def send_bytes(content: bytes, *, close: bool = False) -> Responder:
    def responder(connection: socket.socket, _: ReceivedRequest) -> None:
        connection.sendall(content)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return responder


def respond(
    content: bytes,
    *,
    status: int = 200,
    kind: str = "application/json",
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
) -> Responder:
    """`length`: a Content-Length other than the true one; the connection is closed after the body."""
    lines = {
        "Content-Type": kind,
        "Content-Length": str(len(content) if length is None else length),
        "x-request-id": "up-1",
        **(headers or {}),
    }
    head = f"HTTP/1.1 {status} Word\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    return send_bytes(head.encode("latin-1") + content, close=length is not None)


def send_json(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Responder:
    return respond(json.dumps(value).encode(), status=status, headers=headers)


def send_after(seconds: float, then: Responder) -> Responder:
    def responder(connection: socket.socket, request: ReceivedRequest) -> None:
        time.sleep(seconds)
        then(connection, request)

    return responder


def send_when_set(event: threading.Event, then: Responder) -> Responder:
    def responder(connection: socket.socket, request: ReceivedRequest) -> None:
        event.wait(30)
        then(connection, request)

    return responder


def send_together(count: int, then: Responder) -> Responder:
    """Respond once `count` requests have arrived; close the connections if they don't within 10 seconds."""
    barrier = threading.Barrier(count)

    def responder(connection: socket.socket, request: ReceivedRequest) -> None:
        barrier.wait(timeout=10)
        then(connection, request)

    return responder


def drip(start: bytes, *, every_s: float = 0.02) -> Responder:
    """`start`, then a space now and then, without end."""

    def responder(connection: socket.socket, _: ReceivedRequest) -> None:
        connection.sendall(start)
        while True:
            time.sleep(every_s)
            connection.sendall(b" ")

    return responder


def send_spaces(length: int, start: bytes = b"HTTP/1.1 200 OK\r\n") -> Responder:
    """A body of `length` spaces, made while it is sent."""

    def responder(connection: socket.socket, _: ReceivedRequest) -> None:
        connection.sendall(start + b"Content-Length: %d\r\n\r\n" % length)
        for _number in range(length // MEGABYTE):
            connection.sendall(b" " * MEGABYTE)

    return responder


def send_forever(start: bytes, chunk: bytes) -> Responder:
    def responder(connection: socket.socket, _: ReceivedRequest) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(chunk)

    return responder


def never_respond(connection: socket.socket, _: ReceivedRequest) -> None:
    """Send nothing until the client closes the connection."""
    connection.recv(1)


def reset_connection(connection: socket.socket, _: ReceivedRequest) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    raise OSError("reset")


def exceed_deadline(deadline_s: float, call: Callable[[], object]) -> miosa.MiosaError:
    """The DeadlineExceeded that `call` raises: not before its deadline, and without waiting much longer."""
    started_at = time.monotonic()
    with pytest.raises(miosa.DeadlineExceeded) as caught:
        call()
    assert deadline_s <= time.monotonic() - started_at < deadline_s + FAR_BEYOND_S
    return caught.value
