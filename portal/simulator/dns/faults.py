"""Wrong answers on purpose, as real DNS servers give by fault or by design."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

KINDS = (
    "cut_for_ever",  # by UDP only "truncated", by TCP no answer
    "fails_once",  # SERVFAIL to the first query of each type, then the answer
    "floods",  # a thousand records more than there are
    "garbage",
    "lame",  # no authority for the zone, and no records
    "other_question",
    "silent",
    "slow",
    "truncated",  # by UDP only "truncated", by TCP the answer
    "wrong_id",
    "wrong_id_first",  # a forged answer, then the right one
)
MAX_TCP_SIZE = 65_535
MAX_UDP_SIZE = 512  # without EDNS

Send = Callable[[bytes], None]


class DnsFault(NamedTuple):
    kind: str
    seconds: float  # of delay, for `slow` and `cut_for_ever`
    failed: set[str]  # what `fails_once` has failed already

    def fails(self, query: dns.message.Message) -> bool:
        """Whether this is the first query of its type, for `fails_once`."""
        question = query.question[0].to_text()
        is_first = self.kind == "fails_once" and question not in self.failed
        self.failed.add(question)
        return is_first


class DnsFaults:
    def __init__(self) -> None:
        self._by_name: dict[str, DnsFault] = {}

    def set(self, name: str, kind: str | None, seconds: float) -> None:
        """The name "" means all names; `kind` None removes the fault. Raises ValueError."""
        if kind is not None and kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; choices: {', '.join(KINDS)}")
        if kind is None:
            self._by_name.pop(name, None)
        else:
            self._by_name[name] = DnsFault(kind, seconds, set())

    def clear(self) -> None:
        self._by_name.clear()

    def find(self, name: str) -> DnsFault | None:
        return self._by_name.get(name) or self._by_name.get("")


def send_by_udp(fault: DnsFault | None, query: dns.message.Message, response: dns.message.Message, send: Send) -> None:
    right = udp_wire(response, query)
    if fault and fault.kind == "slow":
        timer = threading.Timer(fault.seconds, send, [right])
        timer.daemon = True
        timer.start()
        return
    other = dns.message.make_response(dns.message.make_query("somebody.else.example", "A", id=query.id))
    wires = {
        "cut_for_ever": [truncated(query)],
        "fails_once": [failure(query) if fault and fault.fails(query) else right],
        "floods": [truncated(query)],
        "garbage": [right[:2] + b"\xff" * 40],
        "lame": [lame(query)],
        "other_question": [other.to_wire()],
        "silent": [],
        "truncated": [truncated(query)],
        "wrong_id": [with_wrong_id(right)],
        "wrong_id_first": [with_wrong_id(right), right],
    }
    for wire in wires.get(fault.kind if fault else "", [right]):
        send(wire)


def send_by_tcp(fault: DnsFault | None, query: dns.message.Message, response: dns.message.Message, send: Send) -> None:
    if fault and fault.kind in ("slow", "cut_for_ever"):
        time.sleep(fault.seconds)
    right = response.to_wire(max_size=MAX_TCP_SIZE)
    wires = {
        "cut_for_ever": [],
        "floods": [flood(query, response)],
        "garbage": [b"\xff" * 40],
        "lame": [lame(query)],
        "silent": [],
        "wrong_id": [with_wrong_id(right)],
    }
    for wire in wires.get(fault.kind if fault else "", [right]):
        send(wire)


def with_wrong_id(wire: bytes) -> bytes:
    return bytes([wire[0] ^ 0xFF]) + wire[1:]


def truncated(query: dns.message.Message) -> bytes:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC | dns.flags.AA
    return response.to_wire()


def failure(query: dns.message.Message) -> bytes:
    response = dns.message.make_response(query)
    response.set_rcode(dns.rcode.SERVFAIL)
    return response.to_wire()


def flood(query: dns.message.Message, response: dns.message.Message) -> bytes:
    question = query.question[0]
    values = {dns.rdatatype.A: "203.0.{}.{}", dns.rdatatype.TXT: '"junk {} {}"'}
    if (template := values.get(question.rdtype)) is not None:
        lines = [template.format(number // 250, number % 250) for number in range(1_000)]
        response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, lines))
    return response.to_wire(max_size=MAX_TCP_SIZE)


def lame(query: dns.message.Message) -> bytes:
    return dns.message.make_response(query).to_wire()


def udp_wire(response: dns.message.Message, query: dns.message.Message) -> bytes:
    """Truncated if it is larger than the client accepts by UDP."""
    try:
        return response.to_wire(max_size=max(MAX_UDP_SIZE, query.payload) if query.edns >= 0 else MAX_UDP_SIZE)
    except dns.exception.TooBig:
        return truncated(query)
