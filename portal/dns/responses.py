"""DNS responses turned into plain answers. Whatever a server sends is bounded and cleaned here."""

from __future__ import annotations

from collections.abc import Iterator

import dns.edns
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
from portal.dns.lookup import Answer, Outcome, Question, Record

MAX_CHAIN_LENGTH = 20
MAX_RECORDS = 40
MAX_VALUE_LENGTH = 2_048
MAX_ERRORS = 4
_OUTCOMES = {
    dns.rcode.NOERROR: Outcome.NO_DATA,
    dns.rcode.NXDOMAIN: Outcome.NXDOMAIN,
    dns.rcode.SERVFAIL: Outcome.SERVFAIL,
    dns.rcode.NOTIMP: Outcome.NOTIMP,
    dns.rcode.REFUSED: Outcome.REFUSED,
    dns.rcode.NOTAUTH: Outcome.REFUSED,
}


def parse_response(
    response: dns.message.Message, question: Question, *, recursive: bool, known_values: frozenset[str] = frozenset()
) -> Answer:
    """`known_values` are kept if there are too many, and may be shown although they are private addresses.

    An authoritative server is trusted about the name alone, so only the first step of a CNAME chain is read.
    """
    outcome = _OUTCOMES.get(response.rcode(), Outcome.UNREADABLE)
    chain, is_loop = _follow_cnames(response, question, MAX_CHAIN_LENGTH if recursive else 1)
    owner = chain[-1] if chain and recursive else question.name
    found = () if is_loop else _iterate_records(response, Question(owner, question.type), known_values)
    # Sorted, since servers rotate the order with each response.
    records = tuple(sorted(found, key=lambda record: record.value))
    if outcome is Outcome.NO_DATA:
        is_authoritative = bool(response.flags & dns.flags.AA)
        if records:
            outcome = Outcome.ANSWER
        elif not recursive and not chain and not is_authoritative:
            records = _list_delegation(response, question.name)
            outcome = Outcome.DELEGATED if records else Outcome.LAME
    return Answer(question.name, question.type, outcome, records, chain, is_loop, errors=_list_errors(response))


def _list_errors(response: dns.message.Message) -> tuple[int, ...]:
    """The codes of extended errors (RFC 8914), which come with failures."""
    if response.rcode() == dns.rcode.NOERROR:
        return ()
    return tuple(int(each.code) for each in response.options if isinstance(each, dns.edns.EDEOption))[:MAX_ERRORS]


def _list_delegation(response: dns.message.Message, name: str) -> tuple[Record, ...]:
    """The name servers to which a referral for the name or one of its parents points; none for one to the root."""
    queried = dns.name.from_text(name)
    for rrset in response.authority:
        if rrset.rdtype == dns.rdatatype.NS and rrset.name != dns.name.root and queried.is_subdomain(rrset.name):
            found = [Record("NS", format_value(each), rrset.ttl) for each in list(rrset)[:MAX_RECORDS]]
            return tuple(sorted(found, key=lambda record: record.value))
    return ()


def _find_rrset(response: dns.message.Message, name: str, record_type: str) -> dns.rrset.RRset | None:
    rdatatype = dns.rdatatype.from_text(record_type)
    return response.get_rrset(response.answer, dns.name.from_text(name), dns.rdataclass.IN, rdatatype)


def _follow_cnames(response: dns.message.Message, question: Question, max_length: int) -> tuple[tuple[str, ...], bool]:
    """The targets in order, and whether they form a loop."""
    chain: list[str] = []
    name = question.name
    if question.type == "CNAME":
        return (), False
    while len(chain) < max_length:
        rrset = _find_rrset(response, name, "CNAME")
        if rrset is None:
            return tuple(chain), False
        name = format_host(rrset[0].target)
        if name == question.name or name in chain:
            return (*chain, name), True
        chain.append(name)
    return tuple(chain), False


def _iterate_records(
    response: dns.message.Message, question: Question, known_values: frozenset[str]
) -> Iterator[Record]:
    rrset = _find_rrset(response, question.name, question.type)
    values = sorted((format_value(rdata) for rdata in rrset or ()), key=lambda value: value not in known_values)
    for value in values[:MAX_RECORDS]:
        is_address = question.type in ("A", "AAAA")
        is_private = is_address and value not in known_values and addresses.is_private(value)
        yield Record(question.type, "" if is_private else value, rrset.ttl if rrset else 0, is_private)


def format_value(rdata: dns.rdata.Rdata) -> str:
    """TXT strings are joined and cut; host names are lower-case without the final dot; the rest as in a zone file."""
    match rdata:
        case A() | AAAA():
            address = addresses.parse_address(str(rdata.address))
            return str(address or rdata.address)
        case CNAME() | NS():
            return format_host(rdata.target)
        case TXT():
            return _replace_unprintable(b"".join(rdata.strings)[:MAX_VALUE_LENGTH].decode("utf-8", "replace"))
        case MX():
            return f"{rdata.preference} {format_host(rdata.exchange)}"
        case CAA():
            tag, value = rdata.tag.decode("ascii", "replace"), rdata.value.decode("utf-8", "replace")
            return _replace_unprintable(f'{rdata.flags} {tag} "{value[:MAX_VALUE_LENGTH]}"')
    return _replace_unprintable(rdata.to_text()[:MAX_VALUE_LENGTH])


def format_host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _replace_unprintable(value: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in value)
