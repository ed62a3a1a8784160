"""The check of a live address goes to one place on the open internet, and is never kept waiting."""

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

__all__ = ["tls"]


def gives(status: int, *headers: str, body: bytes = b"") -> Responder:
    head = "\r\n".join([f"HTTP/1.1 {status} Word", *headers, "", ""]).encode()

    def answer(connection: socket.socket, _heard: ReceivedRequest) -> None:
        connection.sendall(head + body)
        connection.close()

    return answer


def ask(server: ScriptedServer, path: str = "/", **more: float) -> probe.Answer:
    return probe.ask(f"http://127.0.0.1:{server.port}{path}", loopback_port=server.port, **more)


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """DNS answers as it is told, one list of addresses after the other; gives the names it was asked for."""

    def play(*answers: list[str]) -> list[str]:
        left, asked = list(answers), []

        def getaddrinfo(host: str, port: int, **_how: object) -> list[object]:
            asked.append(host)
            now = left.pop(0) if len(left) > 1 else left[0]
            return [(2, 1, 6, "", (address, port)) for address in now]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return play


@pytest.fixture
def connecting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a connection was tried to; none succeeds."""
    tried: list[str] = []

    def create_connection(place: tuple[str, int], _timeout: float) -> socket.socket:
        tried.append(place[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return tried


@pytest.mark.parametrize("status", [200, 204, 404, 500, 503])
def test_it_answers(status: int) -> None:
    with ScriptedServer(gives(status)) as server:
        answer = ask(server, "/a?b=c")
        assert (answer.outcome, answer.status) == (Outcome.ANSWERED, status)
        (request,) = server.requests
        assert (request.method, request.target) == ("GET", "/a?b=c")
        assert not {"authorization", "cookie"} & {name.lower() for name in request.headers}


def test_it_follows_within_the_host_and_for_three_steps() -> None:
    with ScriptedServer(gives(302, "Location: /b"), gives(200)) as server:
        assert ask(server).status == 200
        assert [request.target for request in server.requests] == ["/", "/b"]
    with ScriptedServer(gives(302, "Location: /")) as server:
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
def test_it_does_not_follow_elsewhere(location: str) -> None:
    with ScriptedServer(gives(302, f"Location: {location}"), gives(200)) as server:
        assert ask(server).outcome in {Outcome.ELSEWHERE, Outcome.NOT_ALLOWED}
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "http://", "https://[", "https://host:99999/", "ftp://host/", "file:///etc/passwd"),
        *("http://example.test/", "https://example.test:8443/", "http://127.0.0.1:1/", "http://localhost/"),
    ],
)
def test_only_https_on_443(url: str, resolving: Callable[..., list[str]], connecting: list[str]) -> None:
    asked = resolving(["93.184.216.34"])
    assert probe.ask(url, loopback_port=9).outcome is Outcome.NOT_ALLOWED
    assert (asked, connecting) == ([], [])


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "0.1.2.3"),
        *("::1", "::", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "::7f00:1"),
    ],
)
def test_no_way_leads_inside(address: str, resolving: Callable[..., list[str]], connecting: list[str]) -> None:
    resolving([address])
    assert probe.ask("https://app.example.test/").outcome is Outcome.NOT_ALLOWED
    resolving(["93.184.216.34", address])
    assert probe.ask("https://app.example.test/").outcome is Outcome.NOT_ALLOWED
    assert connecting == []


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_the_open_internet_is_allowed(address: str) -> None:
    assert addresses.is_public(ipaddress.ip_address(address))


def test_a_second_answer_of_dns_is_never_asked_for(resolving: Callable[..., list[str]], connecting: list[str]) -> None:
    """Rebinding: the first answer is harmless, the second leads inside."""
    asked = resolving(["93.184.216.34"], ["127.0.0.1"])
    assert probe.ask("https://rebind.example.test/").outcome is Outcome.NO_CONNECTION
    assert asked == ["rebind.example.test"]
    assert connecting == ["93.184.216.34"]


def test_the_next_address_is_tried_if_one_is_dead(resolving: Callable[..., list[str]], connecting: list[str]) -> None:
    resolving(["2606:2800:220:1::1", "93.184.216.34"])
    assert probe.ask("https://app.example.test/").outcome is Outcome.NO_CONNECTION
    assert connecting == ["2606:2800:220:1::1", "93.184.216.34"]


def test_the_simulators_port_is_for_this_machine_alone(
    resolving: Callable[..., list[str]], connecting: list[str]
) -> None:
    resolving(["93.184.216.34"])
    assert probe.ask("http://app.example.test:9009/", loopback_port=9009).outcome is Outcome.NOT_ALLOWED
    assert connecting == []


def test_a_name_without_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_what: object, **_how: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert probe.ask("https://nowhere.example.test/").outcome is Outcome.NO_ADDRESS


def test_a_name_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_what: object, **_how: object) -> list[object]:
        time.sleep(4)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    began = time.monotonic()
    assert probe.ask("https://slow.example.test/", timeout_s=0.2).outcome is Outcome.TIMEOUT
    assert time.monotonic() - began < 3


def drip(text: bytes, every_s: float) -> Responder:
    def answer(connection: socket.socket, _heard: ReceivedRequest) -> None:
        try:
            for index in range(len(text)):
                connection.sendall(text[index : index + 1])
                time.sleep(every_s)
        except OSError:
            return

    return answer


def says_nothing(_connection: socket.socket, _heard: ReceivedRequest) -> None:
    time.sleep(9)


@pytest.mark.parametrize(
    "answer",
    [
        says_nothing,
        drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 90, 0.05),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, 0.05),
    ],
    ids=["silent", "dripping head", "dripping promises"],
)
def test_it_is_never_kept_waiting(answer: Responder) -> None:
    with ScriptedServer(answer) as server:
        began = time.monotonic()
        assert ask(server, timeout_s=0.4).outcome is Outcome.TIMEOUT
        assert time.monotonic() - began < 4


def test_an_endless_body_is_not_read() -> None:
    sent, ended = [], threading.Event()

    def endless(connection: socket.socket, _heard: ReceivedRequest) -> None:
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
def test_an_answer_nobody_can_read(bytes_: bytes) -> None:
    def answer(connection: socket.socket, _heard: ReceivedRequest) -> None:
        connection.sendall(bytes_)
        connection.shutdown(socket.SHUT_RDWR)

    with ScriptedServer(answer) as server:
        assert ask(server).outcome is Outcome.NO_CONNECTION


def test_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert probe.ask(f"http://127.0.0.1:{port}/", loopback_port=port).outcome is Outcome.NO_CONNECTION


def test_over_tls_a_certificate_nobody_vouches_for_is_told(
    tls: tuple[ssl.SSLContext, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, bundle = tls
    with ScriptedServer(gives(200), tls=context) as server:
        monkeypatch.setattr(client, "HTTPS_PORT", server.port)
        monkeypatch.setattr(addresses, "is_public", lambda address: address.is_loopback)
        assert probe.ask("https://localhost/").outcome is Outcome.TLS
        monkeypatch.setenv("SSL_CERT_FILE", bundle)
        assert probe.ask("https://localhost/").status == 200
        assert probe.ask("https://127.0.0.1/").outcome is Outcome.TLS
    with ScriptedServer(gives(200)) as server:
        monkeypatch.setattr(client, "HTTPS_PORT", server.port)
        assert probe.ask("https://localhost/").outcome in {Outcome.TLS, Outcome.NO_CONNECTION}


def test_a_handshake_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(client, "HTTPS_PORT", listener.getsockname()[1])
        monkeypatch.setattr(addresses, "is_public", lambda address: address.is_loopback)
        began = time.monotonic()
        assert probe.ask("https://localhost/", timeout_s=0.4).outcome is Outcome.TIMEOUT
        assert time.monotonic() - began < 4
