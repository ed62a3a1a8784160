"""Answers from the names that were set. Zones, SOA and NS records follow from them.

A zone begins at each registrable domain and wherever SOA or NS records were set. A name that was never set answers
NXDOMAIN. Questions that ask for recursion are followed through all names, others within their zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple, Protocol

import dns.exception
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from publicsuffixlist import PublicSuffixList

from portal.simulator.dnsbook import Answer, Record, canonical

LONGEST_CHAIN = 8
SOA_TTL = 300
NS_TTL = 3_600
FAILURES = ("REFUSED", "SERVFAIL", "TIMEOUT")


class Book(Protocol):
    """What DnsBook keeps; `revision` grows with each change."""

    revision: int

    def all(self) -> Mapping[str, Answer]: ...


class Told(NamedTuple):
    rcode: str
    answer: tuple[dns.rrset.RRset, ...] = ()
    authority: tuple[dns.rrset.RRset, ...] = ()


class Zones:
    def __init__(self, names: Mapping[str, Answer], *, revision: int, address: str) -> None:
        self.names, self._revision, self._address = names, revision, address
        self._cuts = {registrable(name.removeprefix("*.")) for name in names}
        self._cuts |= {
            name for name, answer in names.items() if any(record.type in ("NS", "SOA") for record in answer.records)
        }
        self._existing = {above for name in names for above in _up_from(name, registrable(name.removeprefix("*.")))}
        self._hosts = {canonical(r.value) for a in names.values() for r in a.records if r.type == "NS"}
        self._hosts |= {f"ns1.{cut}" for cut in self._cuts if not self._has(cut, "NS")}

    def zone_of(self, name: str) -> str | None:
        return next((above for above in _up_from(name, "") if above in self._cuts), None)

    def answer(self, name: str, kind: str, *, recursive: bool) -> Told:
        answers: list[dns.rrset.RRset] = []
        zone = self.zone_of(name)
        rcode = "NOERROR"
        while len(answers) <= LONGEST_CHAIN:
            rcode, records = self._at(name, kind)
            rrset, is_broken = _rrset(name, records)
            if is_broken or rcode in FAILURES:
                return Told("SERVFAIL" if is_broken else rcode)
            if rrset is None:
                return Told(rcode, tuple(answers), self._denial(name))
            is_known = any(each.name == rrset.name and each.rdtype == rrset.rdtype for each in answers)
            if not is_known:
                answers.append(rrset)
            if is_known or kind == "CNAME" or records[0].type != "CNAME":
                break
            name = canonical(records[0].value)
            if not recursive and self.zone_of(name) != zone:
                break
        return Told(rcode, tuple(answers))

    def _at(self, name: str, kind: str) -> tuple[str, tuple[Record, ...]]:
        """rcode and records of this very name: of the type asked, else what follows from others, else its CNAME."""
        found = self.names.get(name) or self.names.get(self._wildcard(name) or "")
        if found is not None and found.rcode:
            return found.rcode, ()
        records = found.records if found else ()
        typed = tuple(record for record in records if record.type == kind)
        typed = typed or self._implied(name, kind) or self._flattened(records, kind)
        typed = typed or tuple(record for record in records if record.type == "CNAME")[:1]
        is_there = found is not None or name in self._existing or name in self._cuts or name in self._hosts
        return ("NOERROR" if is_there else "NXDOMAIN"), typed

    def _implied(self, name: str, kind: str) -> tuple[Record, ...]:
        if name in self._cuts and kind == "SOA":
            serial = f"{self._revision % 2**32} 3600 600 86400 60"
            return (Record("SOA", f"ns1.{name}. hostmaster.{name}. {serial}", SOA_TTL),)
        if name in self._cuts and kind == "NS" and not self._has(name, "NS"):
            return (Record("NS", f"ns1.{name}", NS_TTL),)
        if name in self._hosts and kind == "A" and not (self._has(name, "A") or self._has(name, "AAAA")):
            return (Record("A", self._address, NS_TTL),)
        return ()

    def _flattened(self, records: tuple[Record, ...], kind: str) -> tuple[Record, ...]:
        alias = next((record for record in records if record.type == "ALIAS"), None)
        if alias is None or kind not in ("A", "AAAA"):
            return ()
        found = self.answer(canonical(alias.value), kind, recursive=True).answer
        wanted = dns.rdatatype.from_text(kind)
        return tuple(Record(kind, str(each), 60) for rrset in found if rrset.rdtype == wanted for each in rrset)

    def _has(self, name: str, kind: str) -> bool:
        found = self.names.get(name)
        return found is not None and any(record.type == kind for record in found.records)

    def _wildcard(self, name: str) -> str | None:
        """The star beside the nearest name above that exists, if somebody set one there."""
        if name in self._existing or name in self._hosts:
            return None
        for above in _up_from(name, "")[1:]:
            if f"*.{above}" in self.names:
                return f"*.{above}"
            if above in self._existing:
                return None
        return None

    def _denial(self, name: str) -> tuple[dns.rrset.RRset, ...]:
        zone = self.zone_of(name)
        rrset = _rrset(zone, self._at(zone, "SOA")[1])[0] if zone else None
        return (rrset,) if rrset is not None else ()


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


def registrable(name: str) -> str:
    return str(_suffixes().privatesuffix(name) or name)


def _up_from(name: str, last: str) -> list[str]:
    """The name and all above it, up to `last`."""
    labels = name.split(".")
    above = [".".join(labels[start:]) for start in range(len(labels))]
    return above[: above.index(last) + 1] if last in above else above


def _rrset(name: str, records: tuple[Record, ...]) -> tuple[dns.rrset.RRset | None, bool]:
    """And whether a value can't be put into a record, as in a zone file with a slip."""
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
