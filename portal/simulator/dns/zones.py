"""Resolves queries from the records that were set. Zones and their SOA and NS records are derived from them.

A zone begins at each registered domain and wherever SOA or NS records were set. A name that was never set answers
NXDOMAIN. CNAMEs are followed through all zones if the query asks for recursion, else within one zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import dns.exception
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from publicsuffixlist import PublicSuffixList

from portal.simulator.dns.records import MAX_CHAIN, Answer, Record, canonical

SOA_TTL = 300
NS_TTL = 3_600
FLATTENED_TTL = 60
FAILURES = ("BOGUS", "NOTIMP", "REFUSED", "SERVFAIL", "TIMEOUT")


class Resolution(NamedTuple):
    rcode: str
    answer: tuple[dns.rrset.RRset, ...] = ()
    authority: tuple[dns.rrset.RRset, ...] = ()
    is_authoritative: bool = True
    ede: int | None = None


class Zones:
    """`address` is where the derived name servers are."""

    def __init__(self, names: Mapping[str, Answer], *, revision: int, address: str) -> None:
        self.names, self._revision, self._address = names, revision, address
        self._zone_names = {registered_domain(name.removeprefix("*.")) for name in names}
        self._zone_names |= {
            name
            for name, answer in names.items()
            if answer.rcode != "DELEGATED" and any(record.type in ("NS", "SOA") for record in answer.records)
        }
        self._existing = {
            parent for name in names for parent in _up_to(name, registered_domain(name.removeprefix("*.")))
        }
        self._name_servers = {canonical(r.value) for answer in names.values() for r in answer.records if r.type == "NS"}
        self._name_servers |= {f"ns1.{zone}" for zone in self._zone_names if not self._has(zone, "NS")}

    def find_zone(self, name: str) -> str | None:
        return next((parent for parent in _up_to(name, "") if parent in self._zone_names), None)

    def resolve(self, name: str, record_type: str, *, recursive: bool, checking_disabled: bool = False) -> Resolution:
        """`recursive` as a resolver, which validates unless `checking_disabled`; else as an authoritative server."""
        if (delegation := self._find_delegation(name)) is not None:
            return Resolution("SERVFAIL") if recursive else Resolution("NOERROR", (), delegation, False)
        is_validated = recursive and not checking_disabled and record_type != "DS"
        answers: list[dns.rrset.RRset] = []
        zone = self.find_zone(name)
        rcode = "NOERROR"
        while len(answers) <= MAX_CHAIN:
            rcode, records = self._lookup(name, record_type, is_validated=is_validated)
            rrset, is_broken = _rrset(name, records)
            if is_broken or rcode in FAILURES:
                found = self.names.get(name)
                return Resolution("SERVFAIL" if is_broken or rcode == "BOGUS" else rcode, ede=found and found.ede)
            if rrset is None:
                return Resolution(rcode, tuple(answers), self._denial(name))
            is_known = any(each.name == rrset.name and each.rdtype == rrset.rdtype for each in answers)
            if not is_known:
                answers.append(rrset)
            if is_known or record_type == "CNAME" or records[0].type != "CNAME":
                break
            name = canonical(records[0].value)
            if not recursive and self.find_zone(name) != zone:
                break
        return Resolution(rcode, tuple(answers))

    def _lookup(self, name: str, record_type: str, *, is_validated: bool = False) -> tuple[str, tuple[Record, ...]]:
        """rcode and records of this one name: those of the type, else derived ones, else its CNAME."""
        found = self.names.get(name) or self.names.get(self._wildcard(name) or "")
        if found is not None and found.rcode and found.fails(record_type) and (found.rcode != "BOGUS" or is_validated):
            return found.rcode, ()
        records = found.records if found else ()
        matching = tuple(record for record in records if record.type == record_type)
        matching = matching or self._derived(name, record_type) or self._flattened(records, record_type)
        matching = matching or tuple(record for record in records if record.type == "CNAME")[:1]
        exists = found is not None or any(
            name in names for names in (self._existing, self._zone_names, self._name_servers)
        )
        return ("NOERROR" if exists else "NXDOMAIN"), matching

    def _derived(self, name: str, record_type: str) -> tuple[Record, ...]:
        """SOA and NS records of a zone, and the address of a name server, unless they were set."""
        if name in self._zone_names and record_type == "SOA":
            serial = f"{self._revision % 2**32} 3600 600 86400 60"
            return (Record("SOA", f"ns1.{name}. hostmaster.{name}. {serial}", SOA_TTL),)
        if name in self._zone_names and record_type == "NS" and not self._has(name, "NS"):
            return (Record("NS", f"ns1.{name}", NS_TTL),)
        has_address = self._has(name, "A") or self._has(name, "AAAA")
        if name in self._name_servers and record_type == "A" and not has_address:
            return (Record("A", self._address, NS_TTL),)
        return ()

    def _flattened(self, records: tuple[Record, ...], record_type: str) -> tuple[Record, ...]:
        """The addresses behind an ALIAS record."""
        alias = next((record for record in records if record.type == "ALIAS"), None)
        if alias is None or record_type not in ("A", "AAAA"):
            return ()
        rrsets = self.resolve(canonical(alias.value), record_type, recursive=True).answer
        rdtype = dns.rdatatype.from_text(record_type)
        return tuple(
            Record(record_type, str(rdata), FLATTENED_TTL)
            for rrset in rrsets
            if rrset.rdtype == rdtype
            for rdata in rrset
        )

    def _has(self, name: str, record_type: str) -> bool:
        found = self.names.get(name)
        return found is not None and any(record.type == record_type for record in found.records)

    def _wildcard(self, name: str) -> str | None:
        """The wildcard that covers a name which does not exist (RFC 4592)."""
        if name in self._existing or name in self._name_servers:
            return None
        for parent in _up_to(name, "")[1:]:
            if f"*.{parent}" in self.names:
                return f"*.{parent}"
            if parent in self._existing:
                return None
        return None

    def _find_delegation(self, name: str) -> tuple[dns.rrset.RRset, ...] | None:
        """The NS records of the zone that has the name, if that zone is at servers that do not answer."""
        for parent in _up_to(name, ""):
            found = self.names.get(parent)
            if found is not None and found.rcode == "DELEGATED":
                rrset, _ = _rrset(parent, tuple(record for record in found.records if record.type == "NS"))
                return (rrset,) if rrset is not None else ()
        return None

    def _denial(self, name: str) -> tuple[dns.rrset.RRset, ...]:
        """The zone's SOA record, which goes with a negative answer (RFC 2308)."""
        zone = self.find_zone(name)
        rrset = _rrset(zone, self._lookup(zone, "SOA")[1])[0] if zone else None
        return (rrset,) if rrset is not None else ()


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


def registered_domain(name: str) -> str:
    return str(_suffixes().privatesuffix(name) or name)


def _up_to(name: str, last: str) -> list[str]:
    """The name and its parents, up to `last`."""
    labels = name.split(".")
    names = [".".join(labels[start:]) for start in range(len(labels))]
    return names[: names.index(last) + 1] if last in names else names


def _rrset(name: str, records: tuple[Record, ...]) -> tuple[dns.rrset.RRset | None, bool]:
    """The second value is True if a record's value is malformed, as by a typing error in a zone file."""
    if not records:
        return None, False
    try:
        rdatas = [_rdata(record) for record in records]
        return dns.rrset.from_rdata_list(dns.name.from_text(name), records[0].ttl, rdatas), False
    except (dns.exception.DNSException, ValueError):
        return None, True


def _rdata(record: Record) -> dns.rdata.Rdata:
    value = record.value
    if record.type == "TXT" and not value.startswith('"'):
        raw = value.encode()
        pieces = [raw[start : start + 255] for start in range(0, len(raw), 255)] or [b""]
        value = " ".join('"' + "".join(f"\\{byte:03d}" for byte in piece) + '"' for piece in pieces)
    kind = dns.rdatatype.from_text(record.type)
    return dns.rdata.from_text(dns.rdataclass.IN, kind, value, origin=dns.name.root, relativize=False)
