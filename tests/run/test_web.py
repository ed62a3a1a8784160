"""The web server under clients that are slow on purpose, from one address, and with bodies that are too large."""

from __future__ import annotations

import asyncio
import http.client
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import psutil
import pytest

from portal.asgi_reader import RequestReader
from tests.run.portal_process import TIMEOUT_S, PortalProcess
from tests.security.allowed import find_leaks
from tests.waiting import wait_until

LOGIN = "/accounts/login/"
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nlogin="
IDLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
CLIENTS = 300
# An argument of the processes that answer.
ANSWERS = "--multiprocessing-fork"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalProcess]:
    var = tmp_path_factory.mktemp("web") / "var"
    prepare = [sys.executable, "manage.py", "up", "--prepare-only"]
    assert PortalProcess(prepare, var).process.wait(timeout=TIMEOUT_S) == 0
    web = PortalProcess([sys.executable, "-m", "tests.run.quick_web"], var, WEB_WORKERS="1")
    web.wait_until_ready()
    yield web
    web.stop()


def connect(web: PortalProcess, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", web.port), timeout=TIMEOUT_S)
    connection.sendall(sent)
    return connection


def is_open(connection: socket.socket) -> bool:
    """Sends one byte more."""
    try:
        connection.sendall(b"a")
        connection.setblocking(False)
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        connection.setblocking(True)


@pytest.mark.parametrize("sent", [b"", HEAD, BODY], ids=["nothing", "half a head", "half a body"])
def test_slow_requests_take_nobody_else_s_place_and_are_cut_off(web: PortalProcess, sent: bytes) -> None:
    """Each client goes on sending a byte from time to time."""
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(connect(web, sent))) for _ in range(CLIENTS)]
        while clients := [client for client in clients if is_open(client)]:
            assert web.get(LOGIN)[0] == 200
            time.sleep(0.3)
    assert web.get(LOGIN)[0] == 200


def test_a_request_sent_before_the_last_response_has_a_deadline_too(web: PortalProcess) -> None:
    with closing(connect(web, IDLE + BODY)) as connection, suppress(ConnectionResetError):
        while connection.recv(1000):
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's kernel does it")
def test_a_client_that_reads_nothing_is_cut_off(web: PortalProcess) -> None:
    script = next((web.var / "static" / "django_htmx").glob("htmx-*.js"))
    request = f"GET /static/django_htmx/{script.name} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    server = web.wait_for_child(ANSWERS)
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", web.port))
        client.sendall(request.encode() * 100)
        wait_until(lambda: has_clients(server), seconds=TIMEOUT_S)
        wait_until(lambda: not has_clients(server), seconds=TIMEOUT_S)


def has_clients(server: psutil.Process) -> bool:
    return any(each.raddr and each.status == psutil.CONN_ESTABLISHED for each in server.net_connections("tcp"))


def test_of_too_many_connections_the_oldest_half_sent_ones_are_closed(web: PortalProcess) -> None:
    with ExitStack() as stack:
        for _ in range(3 * CLIENTS):
            stack.enter_context(closing(connect(web, HEAD)))
        assert web.get(LOGIN)[0] == 200


def test_of_too_many_connections_idle_ones_are_closed_before_a_visitor_s(web: PortalProcess) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(connect(web, IDLE))) for _ in range(3 * CLIENTS)]
        for client in clients:
            with suppress(ConnectionResetError):
                client.recv(100)
        assert [web.get("/healthz")[0] for _ in range(10)] == [200] * 10


@pytest.mark.parametrize("path", [LOGIN, "/api/v1/customers/"])
@pytest.mark.parametrize("length", ["Content-Length: 200000000", "Transfer-Encoding: chunked"])
def test_a_large_body_is_refused_before_all_of_it_was_sent(web: PortalProcess, path: str, length: str) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n{length}\r\n\r\n"
    )
    with closing(connect(web, head.encode())) as connection:
        if "chunked" in length:
            for _chunk in range(3):
                connection.sendall(b"%x\r\n%s\r\n" % (1_000_000, b"a" * 1_000_000))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413
        assert "It was not read" in answer.read().decode()


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/new\r\nHost: localhost\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"x" * 600_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: strange\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["no request line", "version", "NUL", "no host", "header name", "large header", "length", "encoding", "TLS"],
)
def test_the_server_s_own_errors_name_no_software(web: PortalProcess, sent: bytes) -> None:
    received = b""
    with closing(socket.create_connection(("127.0.0.1", web.port), timeout=TIMEOUT_S)) as connection:
        with suppress(ConnectionError):  # it answers before all was sent
            connection.sendall(sent)
            if b"\r\n\r\n" not in sent:
                connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while b"\r\n\r\n" not in received and (part := connection.recv(4096)):
                received += part
    text = received.decode("latin-1")
    assert text.startswith(("HTTP/1.1 4", "HTTP/1.1 5")) or not text
    assert not re.search("^server:", text, re.MULTILINE | re.IGNORECASE)
    assert not find_leaks(text, [])
    assert "h11" not in text
    assert "Invalid HTTP request received" not in text


def test_a_chunked_form_is_read(web: PortalProcess) -> None:
    head = f"POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    sent = f"{head}Cookie: csrftoken={'a' * 32}\r\nTransfer-Encoding: chunked\r\n\r\n"
    form = f"login=ann@example.com&csrfmiddlewaretoken={'a' * 32}".encode()
    with closing(connect(web, sent.encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(form), form))) as connection:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
        assert "ann@example.com" in answer.read().decode()


def test_a_process_that_hangs_is_replaced(web: PortalProcess) -> None:
    """Also if it is the only one."""
    hung = web.wait_for_child(ANSWERS)
    hung.suspend()
    wait_until(lambda: not hung.is_running(), seconds=TIMEOUT_S)
    wait_until(web.is_ready, seconds=TIMEOUT_S)


def test_sighup_replaces_the_processes(web: PortalProcess) -> None:
    former = web.wait_for_child(ANSWERS)
    web.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not former.is_running(), seconds=TIMEOUT_S)
    assert web.is_ready()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's signal at the death of a parent")
def test_the_processes_end_with_a_killed_parent(web: PortalProcess) -> None:
    """The last test: it ends the server."""
    children = web.list_descendants()
    web.process.kill()
    web.process.wait()
    _gone, alive = psutil.wait_procs(children, timeout=TIMEOUT_S)
    assert not alive


def test_a_header_with_an_underscore_is_not_taken_for_that_of_a_proxy() -> None:
    passed_on: list[Any] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        passed_on.extend(scope["headers"])

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    headers = [(b"x_forwarded_for", b"6.6.6.6"), (b"x-forwarded-for", b"1.1.1.1")]
    reader = RequestReader(app, most_bytes=10)
    asyncio.run(reader({"type": "http", "headers": headers}, receive, None))
    assert passed_on == [(b"x-forwarded-for", b"1.1.1.1"), (b"content-length", b"0")]
