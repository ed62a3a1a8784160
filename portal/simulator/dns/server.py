"""UDP and TCP on one port of a loopback address."""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import struct
import threading
from collections import Counter
from types import TracebackType
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from portal.simulator.dns.behaviours import Behaviours, by_tcp, by_udp
from portal.simulator.dns.zones import Book, Zones

TRIES_FOR_A_PORT = 20
TCP_WAIT_S = 5.0


class DnsServer:
    """`DnsServer(platform.dns).start()`, `.port`, `.stop()`. `behave` makes a name, or all ("") answer badly."""

    def __init__(self, book: Book, port: int = 0, *, host: str = "127.0.0.1") -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError("this server answers on loopback only")
        self.book, self.host = book, host
        self.asked: Counter[tuple[str, str]] = Counter()
        self._behaviours = Behaviours()
        self._zones: Zones | None = None
        self._udp, self._tcp = self._bound(port)
        self.port = int(self._udp.server_address[1])
        self._threads: list[threading.Thread] = []

    def _bound(self, port: int) -> tuple[_Udp, _Tcp]:
        """The same number for both, which for port 0 may take more than one try."""
        for left in reversed(range(TRIES_FOR_A_PORT)):
            tcp = _Tcp((self.host, port), self)
            try:
                return _Udp((self.host, tcp.server_address[1]), self), tcp
            except OSError:
                tcp.server_close()
                if port or not left:
                    raise
        raise AssertionError("unreachable")

    def behave(self, name: str, kind: str | None, *, seconds: float = 1.0) -> None:
        self._behaviours.set(name.rstrip(".").lower(), kind, seconds)

    def calm(self) -> None:
        """Takes back all that `behave` was told."""
        self._behaviours.clear()

    def start(self) -> DnsServer:
        for server in (self._udp, self._tcp):
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="dns server", daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self) -> None:
        for server in (self._udp, self._tcp):
            if self._threads:
                server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def __enter__(self) -> DnsServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def take(self, wire: bytes, send: Any, *, is_tcp: bool) -> None:
        try:
            query = dns.message.from_wire(wire)
        except (dns.exception.DNSException, ValueError):
            return
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        response = self._response(query, name, dns.rdatatype.to_text(query.question[0].rdtype))
        if response is not None:
            (by_tcp if is_tcp else by_udp)(self._behaviours.find(name), query, response, send)

    def _response(self, query: dns.message.Message, name: str, kind: str) -> dns.message.Message | None:
        """None: no answer at all."""
        self.asked[name, kind] += 1
        told = self._current().answer(name, kind, recursive=bool(query.flags & dns.flags.RD))
        if told.rcode == "TIMEOUT":
            return None
        response = dns.message.make_response(query, recursion_available=True)
        response.flags |= dns.flags.AA
        response.set_rcode(dns.rcode.from_text(told.rcode))
        response.answer.extend(told.answer)
        response.authority.extend(told.authority)
        return response

    def _current(self) -> Zones:
        names = self.book.all()
        if self._zones is None or names != self._zones.names:
            self._zones = Zones(names, revision=self.book.revision, address=self.host)
        return self._zones


class _Udp(socketserver.UDPServer):
    max_packet_size = 65_535

    def __init__(self, address: tuple[str, int], server: DnsServer) -> None:
        self.dns = server
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _UdpHandler)


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], server: DnsServer) -> None:
        self.dns = server
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _TcpHandler)


class _UdpHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, udp = self.request

        def send(answer: bytes) -> None:
            try:
                udp.sendto(answer, self.client_address)
            except OSError:
                return  # the asker, or this server, has gone meanwhile

        self.server.dns.take(wire, send, is_tcp=False)  # type: ignore[attr-defined]  # ours alone


class _TcpHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.settimeout(TCP_WAIT_S)
        try:
            if (length := self._read(2)) and (wire := self._read(struct.unpack("!H", length)[0])):
                self.server.dns.take(wire, self._send, is_tcp=True)  # type: ignore[attr-defined]  # ours alone
        except OSError:
            return

    def _read(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            piece = self.request.recv(count - len(got))
            if not piece:
                return b""
            got += piece
        return got

    def _send(self, answer: bytes) -> None:
        self.request.sendall(struct.pack("!H", len(answer)) + answer)
