"""Wrong answers on purpose, as real DNS servers give by fault or by design."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message

KINDS = (
    "cut_for_ever",  # by UDP only "truncated", by TCP no answer
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
    seconds: float = 1.0  # of delay, for `slow` and `cut_for_ever`


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
            self._by_name[name] = DnsFault(kind, seconds)

    def clear(self) -> None:
        self._by_name.clear()

    def find(self, name: str) -> DnsFault | None:
        return self._by_name.get(name) or self._by_name.get("")


def send_by_udp(fault: DnsFault | None, query: dns.message.Message, response: dns.message.Message, send: Send) -> None:
    kind = fault.kind if fault else ""
    right = udp_wire(response, query)
    if fault and kind == "slow":
        timer = threading.Timer(fault.seconds, send, [right])
        timer.daemon = True
        timer.start()
    elif kind in ("truncated", "cut_for_ever"):
        send(truncated(query))
    elif kind == "wrong_id":
        send(with_wrong_id(right))
    elif kind == "wrong_id_first":
        send(with_wrong_id(right))
        send(right)
    elif kind == "garbage":
        send(right[:2] + b"\xff" * 40)
    elif kind == "other_question":
        other = dns.message.make_response(dns.message.make_query("somebody.else.example", "A", id=query.id))
        send(other.to_wire())
    elif kind == "lame":
        send(lame(query))
    elif kind != "silent":
        send(right)


def send_by_tcp(fault: DnsFault | None, query: dns.message.Message, response: dns.message.Message, send: Send) -> None:
    kind = fault.kind if fault else ""
    if fault and kind in ("slow", "cut_for_ever"):
        time.sleep(fault.seconds)
    if kind == "lame":
        send(lame(query))
    elif kind == "wrong_id":
        send(with_wrong_id(response.to_wire(max_size=MAX_TCP_SIZE)))
    elif kind == "garbage":
        send(b"\xff" * 40)
    elif kind not in ("silent", "cut_for_ever"):
        send(response.to_wire(max_size=MAX_TCP_SIZE))


def with_wrong_id(wire: bytes) -> bytes:
    return bytes([wire[0] ^ 0xFF]) + wire[1:]


def truncated(query: dns.message.Message) -> bytes:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC | dns.flags.AA
    return response.to_wire()


def lame(query: dns.message.Message) -> bytes:
    return dns.message.make_response(query).to_wire()


def udp_wire(response: dns.message.Message, query: dns.message.Message) -> bytes:
    """Truncated if it is larger than the client accepts by UDP."""
    try:
        return response.to_wire(max_size=max(MAX_UDP_SIZE, query.payload) if query.edns >= 0 else MAX_UDP_SIZE)
    except dns.exception.TooBig:
        return truncated(query)
