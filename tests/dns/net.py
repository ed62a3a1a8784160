"""A small Internet on loopback: a resolver and two name servers, each a real DNS server with zone files of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType

from portal import dns
from portal.simulator.dns.records import DnsRecords
from portal.simulator.dns.server import DnsServer

ZONE = "brightsmile.example"
TARGET = "acme.apps.host.example"
NS1, NS2 = "198.51.100.53", "198.51.100.54"
ASKED_AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SEEN_AT = ASKED_AT + timedelta(seconds=12)
PLATFORM = f"""
{TARGET}. A 192.0.2.44
{TARGET}. AAAA 2001:db8::44
other.apps.host.example. A 192.0.2.44
"""
WWW = dns.needed(f"www.{ZONE}", dns_records=[{"type": "CNAME", "name": "www", "value": TARGET}])
APEX = dns.needed(
    ZONE, dns_records=[{"type": "A", "name": "@", "value": value} for value in ("192.0.2.44", "198.51.100.44")]
)
APEX_ALIAS = dns.needed(ZONE, verification_target=TARGET)


def write(book: DnsRecords, zone_file: str, *, origin: str = ZONE) -> None:
    """Lines of name, type and value; a name without a dot at its end is inside the zone, `!` sets an rcode."""
    records: dict[str, list[dict[str, object]]] = {}
    for line in filter(None, map(str.strip, zone_file.splitlines())):
        name, kind, value = line.split(None, 2)
        whole = origin if name == "@" else name.rstrip(".") if name.endswith(".") else f"{name}.{origin}"
        if kind == "!":
            book.set(whole, None, value)
        else:
            records.setdefault(whole, []).append({"type": kind, "value": value})
    for whole, found in records.items():
        book.set(whole, found, None)


@dataclass
class Net:
    public: DnsRecords = field(default_factory=DnsRecords)
    first: DnsRecords = field(default_factory=DnsRecords)
    second: DnsRecords = field(default_factory=DnsRecords)

    def __post_init__(self) -> None:
        self.resolver = DnsServer(self.public)
        self.ns1 = DnsServer(self.first)
        self.ns2 = DnsServer(self.second)
        self.servers = (self.resolver, self.ns1, self.ns2)
        self.instead = {
            NS1: dns.Server("127.0.0.1", self.ns1.port),
            NS2: dns.Server("127.0.0.1", self.ns2.port),
        }
        self.asker = dns.Asker([f"127.0.0.1:{self.resolver.port}"], instead=self.instead)

    def __enter__(self) -> Net:
        for server in self.servers:
            server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.asker.close()
        for server in self.servers:
            server.stop()

    def clear(self) -> None:
        for server in self.servers:
            server.clear_faults()
            server.queries.clear()
        for book in (self.public, self.first, self.second):
            book.clear()

    def lay(
        self,
        zone: str,
        *,
        public: str | None = None,
        second: str | None = None,
        ns: str = f"@ NS ns1.{ZONE}\n@ NS ns2.{ZONE}",
        ns_addresses: str = f"ns1 A {NS1}\nns2 A {NS2}",
        platform: str = PLATFORM,
    ) -> None:
        """What the resolver sees is what the name servers have, unless told otherwise."""
        write(self.first, f"{zone}\n{ns}")
        write(self.second, f"{zone if second is None else second}\n{ns}")
        write(self.public, f"{zone if public is None else public}\n{ns}\n{ns_addresses}\n{platform}")

    def look(self, needed: tuple[dns.Needed, ...] = WWW, name: str | None = None) -> dns.Look:
        return self.asker.look(name or needed[0].name, needed, now=ASKED_AT)

    def report(self, needed: tuple[dns.Needed, ...] = WWW, name: str | None = None) -> dns.Report:
        return dns.explain(self.look(needed, name), needed, now=SEEN_AT)
