"""A small Internet on loopback: a resolver and two name servers, each a real DNS server with its own zone files."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType

from portal import dns
from portal.simulator.dns.records import DnsRecords
from portal.simulator.dns.server import DnsServer

ZONE = "brightsmile.example"
TARGET = "acme.apps.host.example"
NS1, NS2 = "198.51.100.53", "198.51.100.54"
LOOKED_UP_AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NOW = LOOKED_UP_AT + timedelta(seconds=12)
PLATFORM = f"""
{TARGET}. A 192.0.2.44
{TARGET}. AAAA 2001:db8::44
other.apps.host.example. A 192.0.2.44
"""
WWW = dns.parse_required_records(f"www.{ZONE}", dns_records=[{"type": "CNAME", "name": "www", "value": TARGET}])
APEX = dns.parse_required_records(
    ZONE, dns_records=[{"type": "A", "name": "@", "value": value} for value in ("192.0.2.44", "198.51.100.44")]
)
APEX_ALIAS = dns.parse_required_records(ZONE, verification_target=TARGET)
# Far above what a lookup takes on a busy machine.
AMPLE = dns.Timeouts(
    lookup_s=60, queries_s=60, patience_s=60, nearest_zone_s=60, name_server_addresses_s=60, cname_targets_s=60
)
# For servers that don't answer at all: the lookup ends once another one has answered, or after some seconds.
IMPATIENT = replace(AMPLE, lookup_s=5, patience_s=1, nearest_zone_s=1)


def write_zone(book: DnsRecords, zone_file: str, *, origin: str = ZONE) -> None:
    """Lines of name, type and value. Names without a final dot are relative; the type `!` sets an rcode.

    After the rcode come the types of query that it is for, else all; or the code of an extended error (RFC 8914).
    """
    records: dict[str, list[dict[str, object]]] = {}
    failures: dict[str, tuple[str, ...]] = {}
    for line in filter(None, map(str.strip, zone_file.splitlines())):
        name, record_type, value = line.split(None, 2)
        qualified = origin if name == "@" else name.rstrip(".") if name.endswith(".") else f"{name}.{origin}"
        if record_type == "!":
            failures[qualified] = tuple(value.split())
        else:
            records.setdefault(qualified, []).append({"type": record_type, "value": value})
    for qualified in {**records, **failures}:
        rcode, *details = failures.get(qualified, (None,))
        ede = next((int(each) for each in details if each.isdigit()), None)
        types = [each for each in details if not each.isdigit()]
        book.set(qualified, records.get(qualified), rcode, types=types, ede=ede)


@dataclass
class Network:
    public: DnsRecords = field(default_factory=DnsRecords)
    first: DnsRecords = field(default_factory=DnsRecords)
    second: DnsRecords = field(default_factory=DnsRecords)

    def __post_init__(self) -> None:
        self.resolver = DnsServer(self.public)
        self.ns1 = DnsServer(self.first)
        self.ns2 = DnsServer(self.second)
        self.servers = (self.resolver, self.ns1, self.ns2)
        self.overrides = {
            NS1: dns.Server("127.0.0.1", self.ns1.port),
            NS2: dns.Server("127.0.0.1", self.ns2.port),
        }
        self.clients: list[dns.Client] = []

    def create_client(
        self,
        *,
        resolvers: Sequence[str] | None = None,
        overrides: Mapping[str, dns.Server] | None = None,
        timeouts: dns.Timeouts = AMPLE,
    ) -> dns.Client:
        resolvers = [f"127.0.0.1:{self.resolver.port}"] if resolvers is None else resolvers
        client = dns.Client(resolvers, overrides=overrides or self.overrides, timeouts=timeouts)
        self.clients.append(client)
        return client

    def __enter__(self) -> Network:
        for server in self.servers:
            server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
        for server in self.servers:
            server.stop()

    def clear(self) -> None:
        for server in self.servers:
            server.clear_faults()
            server.queries.clear()
        while self.clients:
            self.clients.pop().close()
        for book in (self.public, self.first, self.second):
            book.clear()

    def publish(
        self,
        zone: str,
        *,
        public: str | None = None,
        second: str | None = None,
        ns: str = f"@ NS ns1.{ZONE}\n@ NS ns2.{ZONE}",
        ns_addresses: str = f"ns1 A {NS1}\nns2 A {NS2}",
        platform: str = PLATFORM,
    ) -> None:
        """The resolver (`public`) and the second name server have the same zone unless they get another one."""
        write_zone(self.first, f"{zone}\n{ns}")
        write_zone(self.second, f"{zone if second is None else second}\n{ns}")
        write_zone(self.public, f"{zone if public is None else public}\n{ns}\n{ns_addresses}\n{platform}")

    def look_up(
        self,
        required: tuple[dns.RequiredRecord, ...] = WWW,
        name: str | None = None,
        *,
        client: dns.Client | None = None,
    ) -> dns.Lookup:
        return (client or self.create_client()).look_up(
            required[0].name if name is None else name, required, now=LOOKED_UP_AT
        )

    def diagnose(
        self,
        required: tuple[dns.RequiredRecord, ...] = WWW,
        name: str | None = None,
        *,
        client: dns.Client | None = None,
        may_be_flattened: bool = False,
    ) -> dns.Report:
        lookup = self.look_up(required, name, client=client)
        return dns.diagnose(lookup, required, may_be_flattened=may_be_flattened, now=NOW)


def wait_for(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def silent_port() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        yield int(udp.getsockname()[1])
