"""Which servers a lookup queries, what it queries them for, and how long it waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import pytest

from portal import dns
from portal.dns import addresses
from portal.dns.responses import MAX_RECORDS
from portal.services.domains.messages import word_message
from portal.simulator.dns.records import DnsRecords
from portal.simulator.dns.server import DnsServer
from tests.dns.network import (
    AMPLE,
    IMPATIENT,
    LOOKED_UP_AT,
    NOW,
    NS1,
    TARGET,
    WWW,
    ZONE,
    Network,
    silent_port,
    wait_for,
)

ALL_SERVERS = ("ns1", "ns2", "resolver")
CORRECT = f"www CNAME {TARGET}"
TARGET_ADDRESSES = ("192.0.2.44", "2001:db8::44")
PRIVATE = [
    "10.0.0.7", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.7", "64:ff9b::a00:7",
    "2002:a00:7::1", "fec0::1", "192.0.0.8", "192.88.99.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_neither_shown_nor_queried(network: Network, address: str) -> None:
    record_type = "AAAA" if ":" in address else "A"
    network.publish(f"www {record_type} {address}\nns3 {record_type} {address}", ns=f"@ NS ns3.{ZONE}", ns_addresses="")
    lookup = network.look_up()
    answers = [answer for server in lookup.servers for answer in server.answers]
    assert {record.value for answer in answers for record in answer.records} == {"", f"ns3.{ZONE}", *TARGET_ADDRESSES}
    assert lookup.authoritative == ()
    assert lookup.private_name_servers == (f"ns3.{ZONE}",)
    (diagnosis,) = dns.diagnose(lookup, WWW, now=NOW).records
    assert diagnosis.message.code == "wrong_private"
    assert "a private address" in word_message(diagnosis.found_at)


@pytest.mark.parametrize(
    "address", [*PRIVATE, "192.0.2.1", "2001:db8::1", "2001:0:1::1", "3fff::1", "240.0.0.1", "x", ""]
)
def test_other_than_public_addresses(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "9.9.9.9"])
def test_public_addresses(address: str) -> None:
    assert addresses.is_public(address)


def test_required_addresses_are_shown_even_if_private(network: Network) -> None:
    required = dns.parse_required_records(ZONE, dns_records=[{"type": "A", "name": "@", "value": "127.0.0.9"}])
    network.publish("@ A 127.0.0.9")
    assert network.diagnose(required).is_correct


def test_the_default_timeouts() -> None:
    """No lookup takes more than four seconds, with a first result after one, even if servers do not answer."""
    timeouts = dns.Timeouts()
    assert timeouts.lookup_s <= 4
    assert timeouts.queries_s < timeouts.lookup_s
    assert max(timeouts.patience_s, timeouts.nearest_zone_s, timeouts.cname_targets_s) <= 1


@contextmanager
def returns_before_timeouts() -> Iterator[None]:
    """Far from what a test needs on a busy machine, and far from the minute that AMPLE allows."""
    started_at = time.monotonic()
    yield
    assert time.monotonic() - started_at < AMPLE.lookup_s / 2


def test_a_lookup_ends_with_the_last_answer(network: Network) -> None:
    network.publish(CORRECT)
    with returns_before_timeouts():
        assert network.diagnose(client=network.create_client()).is_correct


def test_a_dead_name_server_does_not_delay_the_result(network: Network) -> None:
    network.publish(CORRECT)
    network.ns1.set_fault("", "silent")
    client = network.create_client(timeouts=replace(AMPLE, patience_s=0.1))
    with returns_before_timeouts():
        assert network.diagnose(client=client).is_correct


def test_a_dead_resolver_does_not_delay_the_result(network: Network) -> None:
    network.publish(CORRECT)
    with silent_port() as port, returns_before_timeouts():
        resolvers = [f"127.0.0.1:{port}", f"127.0.0.1:{network.resolver.port}"]
        client = network.create_client(resolvers=resolvers, timeouts=replace(AMPLE, patience_s=0.1))
        assert network.diagnose(client=client).is_correct


def test_questions_without_an_answer_do_not_delay_the_result(network: Network) -> None:
    network.publish(CORRECT)
    for server in (network.ns1, network.ns2):
        server.set_fault(f"www.{ZONE}.{ZONE}", "silent")
        server.set_fault(ZONE, "silent")
    client = network.create_client(timeouts=replace(AMPLE, patience_s=0.1))
    with returns_before_timeouts():
        assert network.diagnose(client=client).is_correct


@pytest.mark.parametrize(
    ("dead", "kind"),
    [
        (("ns1", "ns2"), "silent"),
        (ALL_SERVERS, "silent"),
        (ALL_SERVERS, "cut_for_ever"),
        (ALL_SERVERS, "wrong_id"),
    ],
)
def test_a_lookup_of_dead_servers_ends_in_time(network: Network, dead: tuple[str, ...], kind: str) -> None:
    network.publish(CORRECT, public="www ! TIMEOUT")
    for name in dead:
        getattr(network, name).set_fault("", kind, seconds=9)
    client = network.create_client(timeouts=replace(AMPLE, lookup_s=0.6))
    with returns_before_timeouts():
        report = network.diagnose(client=client)
    assert [diagnosis.finding for diagnosis in report.records] == [dns.Finding.NO_ANSWER]
    assert dns.get_status("active", report).dns.state is dns.State.UNKNOWN


def test_slow_name_servers_are_waited_for(network: Network) -> None:
    network.publish(CORRECT)
    for server in (network.ns1, network.ns2):
        server.set_fault("", "slow", seconds=0.5)
    lookup = network.look_up(client=network.create_client(timeouts=replace(AMPLE, patience_s=0)))
    # Once one of them has answered the essentials, the other is not waited for.
    assert any(server.find_answered(WWW[0].name, "CNAME") for server in lookup.authoritative)


def test_slow_answers_about_caa_are_waited_for(network: Network) -> None:
    network.publish(CORRECT)
    for server in (network.ns1, network.ns2):
        server.set_fault(ZONE, "slow", seconds=0.5)
    lookup = network.look_up(client=network.create_client(timeouts=replace(AMPLE, patience_s=0, caa_s=60)))
    assert any(server.find_answered(ZONE, "CAA") for server in lookup.authoritative)


def test_a_lost_query_is_sent_again(network: Network) -> None:
    network.publish(CORRECT)
    network.ns1.set_fault("", "silent")
    query = (WWW[0].name, "CNAME")

    def answer_from_the_second_query() -> None:
        wait_for(lambda: network.ns1.queries[query] > 0)
        network.ns1.clear_faults()

    recovery = threading.Thread(target=answer_from_the_second_query)
    recovery.start()
    lookup = network.look_up(client=network.create_client())
    recovery.join()
    assert network.ns1.queries[query] > 1
    assert all(server.find_answered(*query) for server in lookup.authoritative)


def test_at_most_eight_name_servers_are_queried(network: Network) -> None:
    numbers = range(11)
    overrides = {f"198.51.100.{60 + n}": dns.Server("127.0.0.1", network.ns1.port + n) for n in numbers}
    client = network.create_client(overrides=overrides, timeouts=IMPATIENT)
    network.publish(
        CORRECT,
        ns="\n".join(f"@ NS ns{n}.{ZONE}" for n in numbers),
        ns_addresses="\n".join(f"ns{n} A 198.51.100.{60 + n}" for n in numbers),
    )
    assert len(network.look_up(client=client).authoritative) == 8


def test_only_the_name_its_zone_and_the_target_are_looked_up(network: Network) -> None:
    network.publish(f"www CNAME web.elsewhere.example\n{CORRECT.replace('www', 'b')}")
    probe = network.look_up().probe
    queried = {name for server in network.servers for name, _ in server.queries}
    own = {"example", ZONE, f"www.{ZONE}", f"www.{ZONE}.{ZONE}", f"ns1.{ZONE}", f"ns2.{ZONE}"}
    random = {f"{probe}.{name}" for name in (ZONE, f"www.{ZONE}", f"{ZONE}.{ZONE}")}
    assert queried <= {*own, *random, TARGET, "web.elsewhere.example"}
    from_name_servers = {name for server in (network.ns1, network.ns2) for name, _ in server.queries}
    assert "web.elsewhere.example" not in from_name_servers


@pytest.mark.parametrize(
    "name", ["localhost", "co.uk", "10.0.0.1", "a b.example", "", "x" * 300, "ex\u00e4mple.example"]
)
def test_what_is_no_domain_is_not_looked_up(network: Network, name: str) -> None:
    with pytest.raises(dns.LookupRefused):
        network.look_up((), name)
    assert not network.resolver.queries


def test_required_records_outside_the_domain_are_not_looked_up(network: Network) -> None:
    network.publish(CORRECT)
    network.look_up((*WWW, dns.RequiredRecord("CNAME", "www.somebody.example", TARGET)))
    assert not [name for name, _ in network.resolver.queries if "somebody" in name]


def test_a_subdomain_can_be_a_zone(network: Network) -> None:
    network.publish(f"{CORRECT}\nwww NS ns1.{ZONE}")
    assert network.look_up().zone == f"www.{ZONE}"


def test_a_lookup_can_be_stored(network: Network) -> None:
    network.publish(CORRECT)
    lookup = network.look_up()
    stored = msgspec.json.decode(msgspec.json.encode(lookup), type=dns.Lookup)
    assert stored == lookup
    assert dns.diagnose(stored, WWW, now=NOW) == dns.diagnose(lookup, WWW, now=NOW)


def test_the_required_value_is_found_among_any_number_of_others(network: Network) -> None:
    required = dns.parse_required_records(ZONE, dns_records=[{"type": "TXT", "name": "@", "value": "token=abc"}])
    network.publish("@ TXT token=abc")
    for server in (network.ns1, network.ns2):
        server.set_fault(ZONE, "floods")
    lookup = network.look_up(required)
    assert dns.diagnose(lookup, required, now=NOW).is_correct
    assert max(len(answer.records) for server in lookup.servers for answer in server.answers) <= MAX_RECORDS


def test_the_number_of_simultaneous_lookups_is_bounded(network: Network) -> None:
    network.publish(CORRECT)
    for server in network.servers:
        server.set_fault("", "silent")
    client = network.create_client(timeouts=replace(AMPLE, lookup_s=20))
    lookups = [threading.Thread(target=network.look_up, kwargs={"client": client}) for _ in range(4)]
    for lookup in lookups:
        lookup.start()
    wait_for(lambda: network.resolver.queries[WWW[0].name, "A"] >= len(lookups))
    with pytest.raises(dns.TooBusy):
        network.look_up(client=client)
    for server in network.servers:
        server.clear_faults()
    for lookup in lookups:
        lookup.join()


def test_without_resolvers_there_is_no_answer(network: Network) -> None:
    report = network.diagnose(client=network.create_client(resolvers=[]))
    assert report.records[0].finding is dns.Finding.NO_ANSWER


@pytest.mark.parametrize(
    ("setting", "server"),
    [
        ("192.0.2.1", dns.Server("192.0.2.1", 53)),
        ("127.0.0.1:9053", dns.Server("127.0.0.1", 9053)),
        ("2001:db8::1", dns.Server("2001:db8::1", 53)),
        ("[::1]:9053", dns.Server("::1", 9053)),
    ],
)
def test_servers_in_settings(setting: str, server: dns.Server) -> None:
    assert dns.Server.parse(setting) == server


@pytest.mark.parametrize("setting", ["", "dns.example", "192.0.2.1:0", "192.0.2.1:x", "[::1", "1.2.3.4:70000"])
def test_invalid_servers_in_settings(setting: str) -> None:
    with pytest.raises(ValueError, match="is not the address"):
        dns.Server.parse(setting)


def test_the_demo_queries_its_own_server_only() -> None:
    """One server is both resolver and name server: zone, SOA and NS are derived from the names in its book."""
    book = DnsRecords()
    book.set(f"www.{ZONE}", [{"type": "CNAME", "value": TARGET}], None)
    book.set(TARGET, [{"type": "A", "value": "192.0.2.44"}], None)
    with DnsServer(book) as server:
        address = f"127.0.0.1:{server.port}"
        client = dns.Client([address], overrides={"127.0.0.1": dns.Server.parse(address)})
        lookup = client.look_up(WWW[0].name, WWW, now=LOOKED_UP_AT)
    report = dns.diagnose(lookup, WWW, now=NOW)
    assert (lookup.zone, lookup.name_servers) == (ZONE, (f"ns1.{ZONE}",))
    assert report.is_correct
    assert report.records[0].host == f"ns1.{ZONE}"
    assert NS1 not in str(lookup)
