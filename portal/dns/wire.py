"""Questions to one server: all at once over one UDP socket, again when lost, by TCP when an answer was cut.

The socket is connected, so the system drops what comes from elsewhere; answers with a wrong id or to another question
are passed over and the wait goes on.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

from portal.dns import addresses, reading
from portal.dns.seen import Answer, Outcome, Question, Source

SENT_AGAIN_S = (0.0, 0.5, 1.4)
SLICE_S = 0.05
TCP_S = 1.0
LARGEST_ANSWER = 65_535
PAYLOAD = 1_232
_UNREADABLE = (dns.exception.DNSException, ValueError, IndexError, EOFError, OverflowError)


@dataclass(frozen=True)
class Server:
    """`address` may be an IPv6 address; `host` is the name to show."""

    address: str
    port: int = 53
    host: str = ""

    @classmethod
    def read(cls, told: str) -> Server:
        """From a setting: 192.0.2.1, 192.0.2.1:5353, 2001:db8::1 or [2001:db8::1]:5353. ValueError if it is none."""
        address, port = told.strip(), "53"
        if address.startswith("["):
            address, bracket, port = address[1:].partition("]")
            port = (port.removeprefix(":") or "53") if bracket else ""
        elif address.count(":") == 1:
            address, _, port = address.partition(":")
        found = addresses.read(address)
        if found is None or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError(f"{told!r} is no address of a DNS server")
        return cls(str(found), int(port))


class Batch:
    """Runs in a thread of its own; whoever waits may look at `source()` at any time and `cut()` it short."""

    def __init__(
        self,
        server: Server,
        questions: Iterable[Question],
        *,
        recursive: bool,
        ends_at: float,
        known: frozenset[str] = frozenset(),
        news: threading.Event | None = None,
    ) -> None:
        self.server, self.recursive, self.ends_at = server, recursive, ends_at
        self.questions = tuple(dict.fromkeys(questions))
        self.done_at: float | None = None
        self.failure: BaseException | None = None
        self._known = known
        self._news = news or threading.Event()
        self._answers: dict[Question, Answer] = {}
        self._garbled: set[Question] = set()
        self._cut = False
        self._open: dict[int, tuple[Question, dns.message.QueryMessage]] = {}
        for question in self.questions:
            self._ask(question)

    def _ask(self, question: Question, *, edns: bool = True) -> dns.message.QueryMessage:
        while True:
            query = dns.message.make_query(
                question.name, question.type, use_edns=0 if edns else None, payload=PAYLOAD if edns else None
            )
            if query.id not in self._open:
                break
        if not self.recursive:
            query.flags &= ~dns.flags.RD
        self._open[query.id] = (question, query)
        return query

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    def cut(self) -> None:
        self._cut = True

    def find(self, question: Question) -> Answer | None:
        return self._answers.get(question)

    def source(self) -> Source:
        """What is known now; what is still open counts as a timeout."""
        got = dict(self._answers)
        answers = (got.get(each) or self._without(each, Outcome.TIMEOUT) for each in self.questions)
        return Source(self.server.host or self.server.address, self.server.address, not self.recursive, tuple(answers))

    def run(self) -> None:
        try:
            with self._socket() as udp:
                self._exchange(udp)
        except OSError:
            self._settle_rest(Outcome.UNREACHABLE)
        except Exception as error:  # noqa: BLE001  # handed to whoever waits, who raises it
            self.failure = error
        finally:
            self._settle_rest(Outcome.TIMEOUT)
            self.done_at = time.monotonic()
            self._news.set()

    def _socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.server.address else socket.AF_INET
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            udp.connect((self.server.address, self.server.port))
        except BaseException:
            udp.close()
            raise
        return udp

    def _exchange(self, udp: socket.socket) -> None:
        begun, rounds = time.monotonic(), list(SENT_AGAIN_S)
        while self._open and not self._cut:
            now = time.monotonic()
            if now >= self.ends_at:
                return
            if rounds and now - begun >= rounds[0]:
                rounds.pop(0)
                for _, query in list(self._open.values()):
                    udp.send(query.to_wire())
            udp.settimeout(max(min(SLICE_S, self.ends_at - now), 0.001))
            try:
                self._take(udp.recv(LARGEST_ANSWER), udp)
            except TimeoutError:
                continue

    def _take(self, wire: bytes, udp: socket.socket) -> None:
        number = int.from_bytes(wire[:2], "big")
        if number not in self._open:
            return
        question, query = self._open[number]
        try:
            message = dns.message.from_wire(wire, ignore_trailing=True)
        except _UNREADABLE:
            self._garbled.add(question)
            return
        if not query.is_response(message):
            return
        if message.flags & dns.flags.TC:
            self._settle(number, self._by_tcp(question, query))
        elif message.rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP) and query.edns >= 0:
            del self._open[number]
            udp.send(self._ask(question, edns=False).to_wire())
        else:
            self._settle(number, self._read(message, question))

    def _by_tcp(self, question: Question, query: dns.message.QueryMessage) -> Answer:
        left = max(min(TCP_S, self.ends_at - time.monotonic()), 0.01)
        try:
            message = dns.query.tcp(
                query, self.server.address, timeout=left, port=self.server.port, ignore_trailing=True
            )
        except (TimeoutError, dns.exception.Timeout):
            outcome = Outcome.TIMEOUT
        except (OSError, *_UNREADABLE):
            outcome = Outcome.UNREADABLE
        else:
            return self._read(message, question)
        return Answer(question.name, question.type, outcome)

    def _read(self, message: dns.message.Message, question: Question) -> Answer:
        try:
            return reading.read(message, question, recursive=self.recursive, known=self._known)
        except _UNREADABLE:
            return Answer(question.name, question.type, Outcome.UNREADABLE)

    def _settle(self, number: int, answer: Answer) -> None:
        question, _ = self._open.pop(number)
        self._answers[question] = answer
        self._news.set()

    def _settle_rest(self, outcome: Outcome) -> None:
        for number, (question, _) in list(self._open.items()):
            self._settle(number, self._without(question, outcome))

    def _without(self, question: Question, outcome: Outcome) -> Answer:
        return Answer(question.name, question.type, Outcome.UNREADABLE if question in self._garbled else outcome)
