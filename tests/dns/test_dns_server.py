"""The DNS server of the demo and of these tests, queried with dnspython alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from portal.simulator.dns.records import DnsRecords
from portal.simulator.dns.server import DnsServer

ZONE = "brightsmile.example"


@pytest.fixture
def book() -> DnsRecords:
    book = DnsRecords()
    book.set(f"www.{ZONE}", [{"type": "CNAME", "value": "acme.host.example"}], None)
    book.set("acme.host.example", [{"type": "A", "value": "192.0.2.44", "ttl": 77}], None)
    book.set(f"shop.{ZONE}", [{"type": "ALIAS", "value": f"www.{ZONE}"}], None)
    book.set(f"deep.er.{ZONE}", [{"type": "TXT", "value": 'say "hi" \\ ' + "é" * 300}], None)
    book.set(f"*.wild.{ZONE}", [{"type": "A", "value": "192.0.2.9"}], None)
    book.set(f"there.wild.{ZONE}", [{"type": "TXT", "value": "x"}], None)
    book.set(f"broken.{ZONE}", [{"type": "A", "value": "not an address"}], None)
    book.set(f"empty.{ZONE}", [], None)
    book.set("practice.co.uk", [{"type": "A", "value": "192.0.2.1"}], None)
    for rcode in ("NXDOMAIN", "SERVFAIL", "REFUSED", "TIMEOUT"):
        book.set(f"{rcode.lower()}.{ZONE}", None, rcode)
    return book


@pytest.fixture
def server(book: DnsRecords) -> Iterator[DnsServer]:
    with DnsServer(book) as server:
        yield server


def query(
    server: DnsServer, name: str, kind: str = "A", *, tcp: bool = False, timeout_s: float = 30, **more: Any
) -> dns.message.Message:
    message = dns.message.make_query(name, kind, **more)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(message, "127.0.0.1", timeout=timeout_s, port=server.port)


def list_values(message: dns.message.Message) -> list[str]:
    return sorted(str(each) for rrset in message.answer for each in rrset)


@pytest.mark.parametrize("tcp", [False, True])
def test_answers_by_udp_and_tcp(server: DnsServer, tcp: bool) -> None:
    answer = query(server, "acme.host.example", tcp=tcp)
    assert (list_values(answer), answer.answer[0].ttl, answer.rcode()) == (["192.0.2.44"], 77, dns.rcode.NOERROR)
    assert answer.flags & dns.flags.AA


def test_cnames_are_followed_for_recursive_queries_only(server: DnsServer) -> None:
    assert list_values(query(server, f"www.{ZONE}")) == ["192.0.2.44", "acme.host.example."]
    assert list_values(query(server, f"www.{ZONE}", flags=0)) == ["acme.host.example."]
    assert list_values(query(server, f"www.{ZONE}", "CNAME")) == ["acme.host.example."]


def test_an_alias_is_flattened(server: DnsServer) -> None:
    assert list_values(query(server, f"shop.{ZONE}")) == ["192.0.2.44"]


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        (f"never.{ZONE}", "NXDOMAIN"),
        ("never.somewhere.example", "NXDOMAIN"),
        (f"nxdomain.{ZONE}", "NXDOMAIN"),
        (f"servfail.{ZONE}", "SERVFAIL"),
        (f"refused.{ZONE}", "REFUSED"),
        (f"broken.{ZONE}", "SERVFAIL"),
        (f"er.{ZONE}", "NOERROR"),
        (f"empty.{ZONE}", "NOERROR"),
        (ZONE, "NOERROR"),
        (f"there.wild.{ZONE}", "NOERROR"),
    ],
)
def test_rcodes(server: DnsServer, name: str, rcode: str) -> None:
    answer = query(server, name)
    assert dns.rcode.to_text(answer.rcode()) == rcode
    assert not answer.answer


def test_a_timeout_sends_nothing(server: DnsServer) -> None:
    with pytest.raises(dns.exception.Timeout):
        query(server, f"timeout.{ZONE}", timeout_s=0.3)


def test_wildcards_match_names_that_do_not_exist(server: DnsServer) -> None:
    assert list_values(query(server, f"any.wild.{ZONE}")) == ["192.0.2.9"]
    assert list_values(query(server, f"*.wild.{ZONE}")) == ["192.0.2.9"]


@pytest.mark.parametrize("zone", [ZONE, "practice.co.uk", "host.example"])
def test_zone_soa_and_ns_are_derived_from_the_names(server: DnsServer, zone: str) -> None:
    assert list_values(query(server, zone, "NS")) == [f"ns1.{zone}."]
    assert list_values(query(server, f"ns1.{zone}")) == ["127.0.0.1"]
    assert list_values(query(server, zone, "SOA"))[0].startswith(f"ns1.{zone}. hostmaster.{zone}. ")
    denied = query(server, f"never.{zone}")
    assert str(denied.authority[0].name) == f"{zone}."


def test_soa_serial_grows_with_each_change(server: DnsServer, book: DnsRecords) -> None:
    before = list_values(query(server, ZONE, "SOA"))
    book.set(f"new.{ZONE}", [{"type": "A", "value": "192.0.2.5"}], None)
    assert list_values(query(server, f"new.{ZONE}")) == ["192.0.2.5"]
    assert list_values(query(server, ZONE, "SOA")) != before


def test_name_servers_that_were_set_replace_the_implied_one(server: DnsServer, book: DnsRecords) -> None:
    book.set(ZONE, [{"type": "NS", "value": "ada.ns.cloudflare.com"}], None)
    assert list_values(query(server, ZONE, "NS")) == ["ada.ns.cloudflare.com."]
    assert list_values(query(server, "ada.ns.cloudflare.com")) == ["127.0.0.1"]


def test_long_answers_are_truncated_by_udp_and_complete_by_tcp(server: DnsServer, book: DnsRecords) -> None:
    text = query(server, f"deep.er.{ZONE}", "TXT", use_edns=0, payload=1_232).answer[0][0]
    assert b"".join(text.strings).decode() == 'say "hi" \\ ' + "é" * 300
    book.set(f"huge.{ZONE}", [{"type": "TXT", "value": "x" * 9_000}], None)
    cut = query(server, f"huge.{ZONE}", "TXT")
    assert cut.flags & dns.flags.TC
    assert not cut.answer
    assert len(list_values(query(server, f"huge.{ZONE}", "TXT", tcp=True))[0]) > 9_000


def test_a_cname_loop_ends(server: DnsServer, book: DnsRecords) -> None:
    book.set(f"a.{ZONE}", [{"type": "CNAME", "value": f"b.{ZONE}"}], None)
    book.set(f"b.{ZONE}", [{"type": "CNAME", "value": f"a.{ZONE}"}], None)
    assert list_values(query(server, f"a.{ZONE}")) == [f"a.{ZONE}.", f"b.{ZONE}."]


@pytest.mark.parametrize("kind", ["wrong_id", "other_question", "garbage"])
def test_behaviours_give_invalid_responses(server: DnsServer, kind: str) -> None:
    server.set_fault("acme.host.example", kind)
    with pytest.raises((dns.query.BadResponse, dns.exception.FormError, dns.exception.Timeout)):
        query(server, "acme.host.example")
    server.clear_faults()
    assert list_values(query(server, "acme.host.example")) == ["192.0.2.44"]


def test_unknown_behaviours_are_refused(server: DnsServer) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        server.set_fault("", "friendly")


def test_invalid_packets_are_ignored(server: DnsServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for noise in (b"", b"\x00", b"\xff" * 600, b"\x00" * 12):
            udp.sendto(noise, ("127.0.0.1", server.port))
    with socket.create_connection(("127.0.0.1", server.port)) as tcp:
        tcp.sendall(b"\x00\x04abcd")
    assert list_values(query(server, "acme.host.example")) == ["192.0.2.44"]


def test_only_on_loopback(book: DnsRecords) -> None:
    with pytest.raises(ValueError, match="loopback"):
        DnsServer(book, host="192.0.2.1")


def test_udp_and_tcp_share_a_port_that_is_free_after_stopping(book: DnsRecords) -> None:
    server = DnsServer(book).start()
    server.stop()
    with DnsServer(book, port=server.port) as again:
        assert again.port == server.port
