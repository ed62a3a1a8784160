"""The check of a live address goes to one public address and ends in time."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable

import pytest

from portal import probe
from portal.probe import Outcome, addresses, client
from tests.miosa.server import ReceivedRequest, Responder, ScriptedServer
from tests.miosa.test_tls import tls
from tests.ports import pick_port

__all__ = ["tls"]


def send_head(status: int, *headers: str, body: bytes = b"") -> Responder:
    head = "\r\n".join([f"HTTP/1.1 {status} Word", *headers, "", ""]).encode()

    def responder(connection: socket.socket, _request: ReceivedRequest) -> None:
        connection.sendall(head + body)
        connection.close()

    return responder


def ask(server: ScriptedServer, path: str = "/", **more: float) -> probe.Answer:
    return probe.ask(f"http://127.0.0.1:{server.port}{path}", loopback_port=server.port, **more)


@pytest.fixture
def scripted_dns(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Scripts DNS: one list of addresses after the other. Returns the names that were queried."""

    def script(*answers: list[str]) -> list[str]:
        left, queries = list(answers), []

        def getaddrinfo(host: str, port: int, **_kwargs: object) -> list[object]:
            queries.append(host)
            now = left.pop(0) if len(left) > 1 else left[0]
            return [(2, 1, 6, "", (address, port)) for address in now]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return queries

    return script


@pytest.fixture
def refused_connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a connection was tried to. All refuse it."""
    tried: list[str] = []

    def create_connection(address: tuple[str, int], _timeout: float) -> socket.socket:
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return tried


@pytest.mark.parametrize("status", [200, 204, 404, 500, 503])
def test_any_status_is_an_answer(status: int) -> None:
    with ScriptedServer(send_head(status)) as server:
        answer = ask(server, "/a?b=c")
        assert (answer.outcome, answer.status) == (Outcome.ANSWERED, status)
        (request,) = server.requests
        assert (request.method, request.target) == ("GET", "/a?b=c")
        assert not {"authorization", "cookie"} & {name.lower() for name in request.headers}


def test_three_redirects_within_the_host_are_followed() -> None:
    with ScriptedServer(send_head(302, "Location: /b"), send_head(200)) as server:
        assert ask(server).status == 200
        assert [request.target for request in server.requests] == ["/", "/b"]
    with ScriptedServer(send_head(302, "Location: /")) as server:
        assert ask(server).status == 302
        assert len(server.requests) == 4


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.example/",
        "http://127.0.0.1:1/",
        "//localhost/",
        "ftp://127.0.0.1/",
        "http://[",
        "https://127.0.0.1/x",
    ],
)
def test_redirects_to_another_host_are_not_followed(location: str) -> None:
    with ScriptedServer(send_head(302, f"Location: {location}"), send_head(200)) as server:
        assert ask(server).outcome in {Outcome.ELSEWHERE, Outcome.NOT_ALLOWED}
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "http://", "https://[", "https://host:99999/", "ftp://host/", "file:///etc/passwd"),
        *("http://example.test/", "https://example.test:8443/", "http://127.0.0.1:1/", "http://localhost/"),
    ],
)
def test_only_https_on_443(url: str, scripted_dns: Callable[..., list[str]], refused_connections: list[str]) -> None:
    queries = scripted_dns(["93.184.216.34"])
    assert probe.ask(url, loopback_port=9).outcome is Outcome.NOT_ALLOWED
    assert (queries, refused_connections) == ([], [])


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "0.1.2.3"),
        *("::1", "::", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "::7f00:1"),
    ],
)
def test_addresses_that_are_not_public_are_refused(
    address: str, scripted_dns: Callable[..., list[str]], refused_connections: list[str]
) -> None:
    scripted_dns([address])
    assert probe.ask("https://app.example.test/").outcome is Outcome.NOT_ALLOWED
    scripted_dns(["93.184.216.34", address])
    assert probe.ask("https://app.example.test/").outcome is Outcome.NOT_ALLOWED
    assert refused_connections == []


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses(address: str) -> None:
    assert addresses.is_public(ipaddress.ip_address(address))


def test_dns_is_queried_once(scripted_dns: Callable[..., list[str]], refused_connections: list[str]) -> None:
    """Rebinding: the first answer is public, a second one would be private."""
    queries = scripted_dns(["93.184.216.34"], ["127.0.0.1"])
    assert probe.ask("https://rebind.example.test/").outcome is Outcome.NO_CONNECTION
    assert queries == ["rebind.example.test"]
    assert refused_connections == ["93.184.216.34"]


def test_the_next_address_is_tried_if_one_refuses(
    scripted_dns: Callable[..., list[str]], refused_connections: list[str]
) -> None:
    scripted_dns(["2606:2800:220:1::1", "93.184.216.34"])
    assert probe.ask("https://app.example.test/").outcome is Outcome.NO_CONNECTION
    assert refused_connections == ["2606:2800:220:1::1", "93.184.216.34"]


def test_the_simulators_port_is_allowed_on_this_machine_only(
    scripted_dns: Callable[..., list[str]], refused_connections: list[str]
) -> None:
    scripted_dns(["93.184.216.34"])
    assert probe.ask("http://app.example.test:9009/", loopback_port=9009).outcome is Outcome.NOT_ALLOWED
    assert refused_connections == []


def test_a_name_without_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert probe.ask("https://nowhere.example.test/").outcome is Outcome.NO_ADDRESS


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    given_up = threading.Event()

    def getaddrinfo(*_args: object, **_kwargs: object) -> list[object]:
        given_up.wait(30)
        return [(2, 1, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert probe.ask("https://slow.example.test/", timeout_s=0.2).outcome is Outcome.TIMEOUT
    given_up.set()


def drip_bytes(text: bytes, every_s: float) -> Responder:
    def responder(connection: socket.socket, _request: ReceivedRequest) -> None:
        try:
            for index in range(len(text)):
                connection.sendall(text[index : index + 1])
                time.sleep(every_s)
        except OSError:
            return

    return responder


def never_respond(_connection: socket.socket, _request: ReceivedRequest) -> None:
    time.sleep(30)


@pytest.mark.parametrize(
    "answer",
    [
        never_respond,
        drip_bytes(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 90, 0.1),
        drip_bytes(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, 0.1),
    ],
    ids=["silent", "dripping head", "dripping 100 Continue"],
)
def test_a_slow_server_is_given_up(answer: Responder) -> None:
    with ScriptedServer(answer) as server:
        started_at = time.monotonic()
        assert ask(server, timeout_s=0.4).outcome is Outcome.TIMEOUT
        assert time.monotonic() - started_at < 15


def test_an_endless_body_is_not_read() -> None:
    sent, ended = [], threading.Event()

    def endless(connection: socket.socket, _request: ReceivedRequest) -> None:
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for megabyte in range(200):
                connection.sendall(b"x" * 2**20)
                sent.append(megabyte)
        except OSError:
            ended.set()

    with ScriptedServer(endless) as server:
        assert ask(server).status == 200
        assert ended.wait(10)
        assert len(sent) < 100


@pytest.mark.parametrize(
    "bytes_",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000,
    ],
)
def test_a_response_that_is_not_http(bytes_: bytes) -> None:
    def responder(connection: socket.socket, _request: ReceivedRequest) -> None:
        connection.sendall(bytes_)
        connection.shutdown(socket.SHUT_RDWR)

    with ScriptedServer(responder) as server:
        assert ask(server).outcome is Outcome.NO_CONNECTION


def test_a_closed_port() -> None:
    port = pick_port()
    assert probe.ask(f"http://127.0.0.1:{port}/", loopback_port=port).outcome is Outcome.NO_CONNECTION


def test_an_untrusted_certificate_is_reported(tls: tuple[ssl.SSLContext, str], monkeypatch: pytest.MonkeyPatch) -> None:
    context, bundle = tls
    with ScriptedServer(send_head(200), tls=context) as server:
        monkeypatch.setattr(client, "HTTPS_PORT", server.port)
        monkeypatch.setattr(addresses, "is_public", lambda address: address.is_loopback)
        assert probe.ask("https://localhost/").outcome is Outcome.TLS
        monkeypatch.setenv("SSL_CERT_FILE", bundle)
        assert probe.ask("https://localhost/").status == 200
        assert probe.ask("https://127.0.0.1/").outcome is Outcome.TLS


def test_a_server_that_does_not_speak_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    def send_plain_text(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(client, "HTTPS_PORT", listener.getsockname()[1])
        monkeypatch.setattr(addresses, "is_public", lambda address: address.is_loopback)
        threading.Thread(target=send_plain_text, args=(listener,), daemon=True).start()
        assert probe.ask("https://127.0.0.1/").outcome in {Outcome.TLS, Outcome.NO_CONNECTION}


def test_a_handshake_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(client, "HTTPS_PORT", listener.getsockname()[1])
        monkeypatch.setattr(addresses, "is_public", lambda address: address.is_loopback)
        started_at = time.monotonic()
        assert probe.ask("https://localhost/", timeout_s=0.4).outcome is Outcome.TIMEOUT
        assert time.monotonic() - started_at < 15
