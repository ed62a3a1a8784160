"""UDP and TCP on one port of a loopback address."""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import struct
import threading
from collections import Counter
from types import TracebackType

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from portal.simulator.dns.faults import DnsFaults, Send, send_by_tcp, send_by_udp
from portal.simulator.dns.records import DnsRecords
from portal.simulator.dns.zones import Zones

PORT_ATTEMPTS = 20
TCP_TIMEOUT_S = 5.0
POLL_S = 0.05


class DnsServer:
    """`DnsServer(records).start()`, `.port`, `.stop()`, or a `with` block. `queries` counts by name and type."""

    def __init__(self, records: DnsRecords, port: int = 0, *, host: str = "127.0.0.1") -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError("this server answers on loopback only")
        self.records, self.host = records, host
        self.queries: Counter[tuple[str, str]] = Counter()
        self._faults = DnsFaults()
        self._zones: Zones | None = None
        self._udp, self._tcp = self._bind(port)
        self.port = int(self._udp.server_address[1])
        self._threads: list[threading.Thread] = []

    def _bind(self, port: int) -> tuple[_UdpServer, _TcpServer]:
        """The same port for both, which for port 0 can take several attempts."""
        for attempts_left in reversed(range(PORT_ATTEMPTS)):
            tcp = _TcpServer((self.host, port), self)
            try:
                return _UdpServer((self.host, tcp.server_address[1]), self), tcp
            except OSError:
                tcp.server_close()
                if port or not attempts_left:
                    raise
        raise AssertionError("unreachable")

    def set_fault(self, name: str, kind: str | None, *, seconds: float = 1.0) -> None:
        """Makes a name, or all names (""), answer wrongly; the kinds are `faults.KINDS`."""
        self._faults.set(name.rstrip(".").lower(), kind, seconds)

    def clear_faults(self) -> None:
        self._faults.clear()

    def start(self) -> DnsServer:
        for server in (self._udp, self._tcp):
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": POLL_S}, name="dns server", daemon=True
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

    def answer(self, wire: bytes, send: Send, *, is_tcp: bool) -> None:
        """Ignores what is not a query with exactly one question."""
        try:
            query = dns.message.from_wire(wire)
        except (dns.exception.DNSException, ValueError):
            return
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        response = self._response(query, name, dns.rdatatype.to_text(query.question[0].rdtype))
        if response is not None:
            (send_by_tcp if is_tcp else send_by_udp)(self._faults.find(name), query, response, send)

    def _response(self, query: dns.message.Message, name: str, record_type: str) -> dns.message.Message | None:
        """None if the name answers nothing at all."""
        self.queries[name, record_type] += 1
        found = self._current_zones().resolve(
            name,
            record_type,
            recursive=bool(query.flags & dns.flags.RD),
            checking_disabled=bool(query.flags & dns.flags.CD),
        )
        if found.rcode == "TIMEOUT":
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if found.is_authoritative:
            response.flags |= dns.flags.AA
        if found.ede is not None and query.edns >= 0:
            response.use_edns(options=[dns.edns.EDEOption(dns.edns.EDECode(found.ede))])
        response.set_rcode(dns.rcode.from_text(found.rcode))
        response.answer.extend(found.answer)
        response.authority.extend(found.authority)
        return response

    def _current_zones(self) -> Zones:
        names = self.records.all()
        if self._zones is None or names != self._zones.names:
            self._zones = Zones(names, revision=self.records.revision, address=self.host)
        return self._zones


class _UdpServer(socketserver.UDPServer):
    max_packet_size = 65_535

    def __init__(self, address: tuple[str, int], server: DnsServer) -> None:
        self.dns = server
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _UdpHandler)


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], server: DnsServer) -> None:
        self.dns = server
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _TcpHandler)


class _UdpHandler(socketserver.BaseRequestHandler):
    server: _UdpServer

    def handle(self) -> None:
        wire, udp = self.request

        def send(answer: bytes) -> None:
            try:
                udp.sendto(answer, self.client_address)
            except OSError:
                return  # the client or this server is gone by now

        self.server.dns.answer(wire, send, is_tcp=False)


class _TcpHandler(socketserver.BaseRequestHandler):
    server: _TcpServer

    def handle(self) -> None:
        self.request.settimeout(TCP_TIMEOUT_S)
        try:
            if (length := self._read(2)) and (wire := self._read(struct.unpack("!H", length)[0])):
                self.server.dns.answer(wire, self._send, is_tcp=True)
        except OSError:
            return

    def _read(self, count: int) -> bytes:
        """Exactly this many bytes, or none if the client closed before."""
        received = b""
        while len(received) < count:
            piece = self.request.recv(count - len(received))
            if not piece:
                return b""
            received += piece
        return received

    def _send(self, answer: bytes) -> None:
        self.request.sendall(struct.pack("!H", len(answer)) + answer)
