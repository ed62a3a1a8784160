"""DNS messages turned into plain answers. Whatever a stranger's server sends is bounded and cleaned here."""

from __future__ import annotations

from collections.abc import Iterator

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.CAA import CAA
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from portal.dns import addresses
from portal.dns.seen import Answer, Outcome, Question, Record

LONGEST_CHAIN = 8
MOST_RECORDS = 40
LONGEST_VALUE = 2_048
_RCODES = {
    dns.rcode.NOERROR: Outcome.NO_DATA,
    dns.rcode.NXDOMAIN: Outcome.NXDOMAIN,
    dns.rcode.SERVFAIL: Outcome.SERVFAIL,
    dns.rcode.REFUSED: Outcome.REFUSED,
    dns.rcode.NOTAUTH: Outcome.REFUSED,
}


def read(
    message: dns.message.Message, question: Question, *, recursive: bool, known: frozenset[str] = frozenset()
) -> Answer:
    """`known` are addresses we look for: they may be shown, private or not.

    A name's own server is believed about that name alone, so of a chain only the first step.
    """
    outcome = _RCODES.get(message.rcode(), Outcome.UNREADABLE)
    chain, is_loop = _chain(message, question, LONGEST_CHAIN if recursive else 1)
    end = chain[-1] if chain and recursive else question.name
    found = () if is_loop else _records(message, end, question.type, known)
    records = tuple(sorted(found, key=lambda record: record.value))  # servers turn the order with each answer
    if outcome is Outcome.NO_DATA:
        if records:
            outcome = Outcome.ANSWER
        elif not recursive and not chain and not _is_authoritative(message):
            outcome = Outcome.LAME
    return Answer(question.name, question.type, outcome, records, chain, is_loop)


def _is_authoritative(message: dns.message.Message) -> bool:
    return bool(message.flags & dns.flags.AA)


def _rrset(message: dns.message.Message, name: str, kind: str) -> dns.rrset.RRset | None:
    wanted = dns.rdatatype.from_text(kind)
    return message.get_rrset(message.answer, dns.name.from_text(name), dns.rdataclass.IN, wanted)


def _chain(message: dns.message.Message, question: Question, longest: int) -> tuple[tuple[str, ...], bool]:
    chain: list[str] = []
    name = question.name
    if question.type == "CNAME":
        return (), False
    while len(chain) < longest:
        found = _rrset(message, name, "CNAME")
        if found is None:
            return tuple(chain), False
        name = host_text(found[0].target)
        if name == question.name or name in chain:
            return (*chain, name), True
        chain.append(name)
    return tuple(chain), longest == LONGEST_CHAIN and _rrset(message, name, "CNAME") is not None


def _records(message: dns.message.Message, name: str, kind: str, known: frozenset[str]) -> Iterator[Record]:
    found = _rrset(message, name, kind)
    for rdata in list(found or ())[:MOST_RECORDS]:
        value = value_of(rdata)
        private = kind in ("A", "AAAA") and value not in known and addresses.is_private(value)
        yield Record(kind, "" if private else value, found.ttl if found else 0, private)


def value_of(rdata: dns.rdata.Rdata) -> str:
    """Texts are joined and cut, host names lower-case without the last dot, the rest as in a zone file."""
    match rdata:
        case A() | AAAA():
            return addresses.canonical(str(rdata.address))
        case CNAME() | NS():
            return host_text(rdata.target)
        case TXT():
            return _printable(b"".join(rdata.strings)[:LONGEST_VALUE].decode("utf-8", "replace"))
        case MX():
            return f"{rdata.preference} {host_text(rdata.exchange)}"
        case CAA():
            tag, value = rdata.tag.decode("ascii", "replace"), rdata.value.decode("utf-8", "replace")
            return _printable(f'{rdata.flags} {tag} "{value[:LONGEST_VALUE]}"')
    return _printable(rdata.to_text()[:LONGEST_VALUE])


def host_text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _printable(value: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in value)
