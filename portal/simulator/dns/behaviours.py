"""Ways to answer badly, as servers out there do, by fault or on purpose."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message

BEHAVIOURS = (
    "cut_for_ever",  # "too long, ask by TCP", where nobody answers
    "garbage",
    "lame",  # answers as if the zone were none of its business
    "other_question",
    "silent",
    "slow",
    "truncated",  # by UDP nothing but "too long"; by TCP the answer
    "wrong_id",
    "wrong_id_first",  # a forged answer, then the right one
)


Send = Callable[[bytes], None]


class Behaviour(NamedTuple):
    kind: str
    seconds: float = 1.0


class Behaviours:
    def __init__(self) -> None:
        self._by_name: dict[str, Behaviour] = {}

    def set(self, name: str, kind: str | None, seconds: float) -> None:
        """`name` "" means all names; `kind` None takes it back."""
        if kind is not None and kind not in BEHAVIOURS:
            raise ValueError(f"unknown behaviour {kind!r}; choices: {', '.join(BEHAVIOURS)}")
        if kind is None:
            self._by_name.pop(name, None)
        else:
            self._by_name[name] = Behaviour(kind, seconds)

    def clear(self) -> None:
        self._by_name.clear()

    def find(self, name: str) -> Behaviour | None:
        return self._by_name.get(name) or self._by_name.get("")


def by_udp(behaviour: Behaviour | None, query: dns.message.Message, response: dns.message.Message, send: Send) -> None:
    kind = behaviour.kind if behaviour else ""
    right = to_wire(response, query)
    forged = bytes([right[0] ^ 0xFF]) + right[1:]
    if behaviour and kind == "slow":
        later = threading.Timer(behaviour.seconds, send, [right])
        later.daemon = True
        later.start()
    elif kind in ("truncated", "cut_for_ever"):
        send(cut(query))
    elif kind == "wrong_id":
        send(forged)
    elif kind == "wrong_id_first":
        send(forged)
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


def by_tcp(behaviour: Behaviour | None, query: dns.message.Message, response: dns.message.Message, send: Send) -> None:
    kind = behaviour.kind if behaviour else ""
    if behaviour and kind == "slow":
        time.sleep(behaviour.seconds)
    if kind == "cut_for_ever":
        time.sleep(behaviour.seconds if behaviour else 0)
    elif kind == "lame":
        send(lame(query))
    elif kind == "wrong_id":
        right = response.to_wire(max_size=65_535)
        send(bytes([right[0] ^ 0xFF]) + right[1:])
    elif kind == "garbage":
        send(b"\xff" * 40)
    elif kind != "silent":
        send(response.to_wire(max_size=65_535))


def cut(query: dns.message.Message) -> bytes:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC | dns.flags.AA
    return response.to_wire()


def lame(query: dns.message.Message) -> bytes:
    return dns.message.make_response(query).to_wire()


def to_wire(response: dns.message.Message, query: dns.message.Message) -> bytes:
    """At most what the asker can take by UDP, else "too long"."""
    try:
        return response.to_wire(max_size=max(512, query.payload) if query.edns >= 0 else 512)
    except dns.exception.TooBig:
        return cut(query)
