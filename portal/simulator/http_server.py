"""HTTP/1.1 on loopback.

Writes are buffered and Nagle's algorithm is off: without that each request on a kept-alive connection takes 45 ms.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

from werkzeug.wrappers import Request, Response

MAX_BODY = 16 * 1024 * 1024
PADDING_BLOCK = 65_536
POLL_S = 0.05
IDLE_TIMEOUT_S = 120
REQUEST_QUEUE = 256


@dataclass(frozen=True)
class Reply:
    """A response, and the faults in the way it is sent (described in `faults.py`)."""

    response: Response
    drop: bool = False
    drip_s: float = 0.0
    cut_after: int | None = None
    pad_bytes: int = 0
    endless: bool = False


Answer = Callable[[Request], Reply]


class NotLoopback(ValueError):
    pass


def require_loopback(host: str) -> None:
    if host != "localhost" and not (host.replace(".", "").isdigit() and ipaddress.ip_address(host).is_loopback):
        raise NotLoopback(f"the simulator listens on loopback only, not on {host}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_TIMEOUT_S
    server: HttpServer

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _serve(self) -> None:
        body = self._read_body()
        if body is None:
            self._send_reply(Reply(Response("too large", 413)))
            self.close_connection = True
            return
        self._send_reply(self.server.answer(Request(self._environ(body))))

    def __getattr__(self, name: str) -> Callable[[], None]:
        """`do_GET` and all others: the routes decide which methods exist."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _read_body(self) -> bytes | None:
        """None if it is too large."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionAbortedError("the request is incomplete")
        return body

    def _read_chunks(self) -> bytes | None:
        parts: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
            if sum(map(len, parts)) > MAX_BODY:
                return None
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _environ(self, body: bytes) -> dict[str, Any]:
        """The WSGI environment (PEP 3333) from which werkzeug makes a request."""
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
        }
        for name, value in self.headers.items():
            key = "HTTP_" + name.upper().replace("-", "_")
            if key not in ("HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE"):
                environ[key] = value
        return environ

    def _send_reply(self, reply: Reply) -> None:
        if reply.drop:
            self._reset()
            return
        response = reply.response
        self.send_response_only(response.status_code)
        streamed = response.is_streamed
        for name, value in response.headers.items():
            if name != "Content-Length":
                self.send_header(name, value)
        body: Iterable[bytes] = response.iter_encoded() if streamed else [response.get_data()]
        if streamed:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.endless:
            self.send_header("Connection", "close")
            self.close_connection = True
        elif response.status_code != 204:
            self.send_header("Content-Length", str(len(response.get_data()) + reply.pad_bytes))
        self.end_headers()
        if self.command == "HEAD" or response.status_code == 204:
            return
        self._send_body(body, reply, chunked=streamed)

    def _send_body(self, body: Iterable[bytes], reply: Reply, *, chunked: bool) -> None:
        sent = 0
        body = itertools.chain(body, itertools.repeat(b" " * PADDING_BLOCK)) if reply.endless else body
        for part in body:
            if reply.cut_after is not None and sent + len(part) > reply.cut_after:
                self.wfile.write(part[: reply.cut_after - sent])
                self.wfile.flush()
                self._reset()
                return
            sent += len(part)
            if reply.drip_s:
                self._drip(part, reply.drip_s)
            elif part:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
                if chunked:
                    self.wfile.flush()
        for start in range(0, reply.pad_bytes, PADDING_BLOCK):
            self.wfile.write(b" " * min(PADDING_BLOCK, reply.pad_bytes - start))
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _drip(self, part: bytes, seconds: float) -> None:
        for index in range(len(part)):
            self.wfile.write(part[index : index + 1])
            self.wfile.flush()
            time.sleep(seconds)

    def _reset(self) -> None:
        """Closes with a reset, so that the client sees a broken connection and not an empty response."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the connection may be closed by now
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Prints nothing: the request log records every request."""


class HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = REQUEST_QUEUE

    def __init__(self, host: str, port: int, answer: Answer) -> None:
        require_loopback(host)
        self.answer = answer
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__((host, port), Handler)
        self.port: int = self.server_address[1]

    def server_bind(self) -> None:
        """Without the host name lookup of the base class."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_all(self) -> None:
        """Stops listening and closes the connections that are kept alive."""
        self.server_close()
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
