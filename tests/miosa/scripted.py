"""A loopback server that answers exactly the bytes it is told, and remembers what it heard."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

MEGABYTE = 1024 * 1024


class Heard(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[socket.socket, Heard], None]


class Scripted:
    """Each request gets the next answer; the last one is repeated."""

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.heard: list[Heard] = []
        self.connections = 0
        self._answers = list(answers)
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
        # A listener that is only closed goes on waiting in accept().
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
            while heard := _read_request(reader):
                with self._lock:
                    self.heard.append(heard)
                    answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                answer(connection, heard)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()


def _read_request(reader: Any) -> Heard | None:
    first = reader.readline()
    if not first:
        return None
    method, target, _ = first.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while line := reader.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return Heard(method, target, headers, reader.read(int(headers.get("content-length", "0"))))


def raw(content: bytes, *, close: bool = False) -> Answer:
    def answer(connection: socket.socket, _: Heard) -> None:
        connection.sendall(content)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return answer


def body(
    content: bytes,
    *,
    status: int = 200,
    kind: str = "application/json",
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
) -> Answer:
    lines = {
        "Content-Type": kind,
        "Content-Length": str(len(content) if length is None else length),
        "x-request-id": "up-1",
        **(headers or {}),
    }
    head = f"HTTP/1.1 {status} Word\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    return raw(head.encode("latin-1") + content, close=length is not None)


def says(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return body(json.dumps(value).encode(), status=status, headers=headers)


def after(seconds: float, then: Answer) -> Answer:
    def answer(connection: socket.socket, heard: Heard) -> None:
        time.sleep(seconds)
        then(connection, heard)

    return answer


def drips(start: bytes, *, every_s: float = 0.02) -> Answer:
    """`start`, then a space now and then, for ever."""

    def answer(connection: socket.socket, _: Heard) -> None:
        connection.sendall(start)
        while True:
            time.sleep(every_s)
            connection.sendall(b" ")

    return answer


def blank(length: int, start: bytes = b"HTTP/1.1 200 OK\r\n") -> Answer:
    """A body of so many blanks, made while it is sent."""

    def answer(connection: socket.socket, _: Heard) -> None:
        connection.sendall(start + b"Content-Length: %d\r\n\r\n" % length)
        for _number in range(length // MEGABYTE):
            connection.sendall(b" " * MEGABYTE)

    return answer


def endless(start: bytes, chunk: bytes) -> Answer:
    def answer(connection: socket.socket, _: Heard) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(chunk)

    return answer


def silent(connection: socket.socket, _: Heard) -> None:
    """Says nothing until the other side gives up."""
    connection.recv(1)


def resets(connection: socket.socket, _: Heard) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    raise OSError("reset")


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
