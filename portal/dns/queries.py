"""DNS queries to one server: all at once over one UDP socket, repeated when lost, by TCP when truncated.

A resolver that fails (SERVFAIL) is asked again without validation (CD, RFC 4035, 3.2.2), and if it answers then, once
more as before: unless it names an error of DNSSEC, the failure may have been a passing one.

The socket is connected, so the system drops datagrams from elsewhere. Responses with a wrong id or to another question
are ignored, and the wait continues.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

from portal.dns import addresses
from portal.dns.lookup import Answer, Outcome, Question, ServerAnswers
from portal.dns.responses import parse_response

SEND_AT_S = (0.0, 0.5, 1.4)
POLL_S = 0.05
TCP_TIMEOUT_S = 1.0
MAX_DATAGRAM = 65_535
MAX_LENGTH = 131_072  # of all values from one server, in characters
EDNS_PAYLOAD = 1_232  # bytes that no network fragments (dnsflagday.net/2020)
# Extended errors about DNSSEC (RFC 8914, 4.2 to 4.13; RFC 9276, 3.2).
DNSSEC_ERRORS = frozenset((1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 27))
PARSE_ERRORS = (dns.exception.DNSException, ValueError, IndexError, EOFError, OverflowError)


@dataclass(frozen=True)
class Server:
    """A DNS server by its IP address. `host` is its name, for people."""

    address: str
    port: int = 53
    host: str = ""

    @classmethod
    def parse(cls, setting: str) -> Server:
        """From 192.0.2.1, 192.0.2.1:5353, 2001:db8::1 or [2001:db8::1]:5353. Raises ValueError for anything else."""
        address, port = setting.strip(), "53"
        if address.startswith("["):
            address, bracket, port = address[1:].partition("]")
            port = (port.removeprefix(":") or "53") if bracket else ""
        elif address.count(":") == 1:
            address, _, port = address.partition(":")
        parsed = addresses.parse_address(address)
        if parsed is None or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError(f"{setting!r} is not the address of a DNS server")
        return cls(str(parsed), int(port))


class QueryBatch:
    """Queries that run in a thread of their own. Other threads may read the answers, or cancel it, at any time.

    `deadline` is a time of `time.monotonic()`. `changed` is set with each answer and at the end. An exception that is
    no answer of the network is kept in `error`.
    """

    def __init__(
        self,
        server: Server,
        questions: Iterable[Question],
        *,
        recursive: bool,
        deadline: float,
        known_values: frozenset[str] = frozenset(),
        changed: threading.Event | None = None,
    ) -> None:
        self.server, self.recursive, self.deadline = server, recursive, deadline
        self.questions = tuple(dict.fromkeys(questions))
        self.is_done = False
        self.error: Exception | None = None
        self._known_values = known_values
        self._changed = changed or threading.Event()
        self._is_cancelled = False
        self._answers: dict[Question, Answer] = {}
        self._length = 0
        self._unreadable: set[Question] = set()
        self._failures: dict[Question, Answer] = {}
        self._unvalidated: dict[Question, Answer] = {}
        self._open: dict[int, tuple[Question, dns.message.QueryMessage]] = {}
        for question in self.questions:
            self._add_query(question)

    def cancel(self) -> None:
        self._is_cancelled = True

    def find(self, question: Question) -> Answer | None:
        return self._answers.get(question)

    def get_answers(self) -> ServerAnswers:
        """What is known now. A question without an answer yet counts as timed out."""
        known = dict(self._answers)
        answers = tuple(known.get(each) or self._fail(each, Outcome.TIMEOUT) for each in self.questions)
        return ServerAnswers(self.server.host or self.server.address, self.server.address, not self.recursive, answers)

    def run(self) -> None:
        try:
            with self._connect() as udp:
                self._exchange(udp)
        except OSError:
            self._settle_open(Outcome.UNREACHABLE)
        except Exception as error:  # noqa: BLE001  # raised by the thread that waits for this one
            self.error = error
        finally:
            self._settle_open(Outcome.TIMEOUT)
            self.is_done = True
            self._changed.set()

    def _add_query(
        self, question: Question, *, edns: bool = True, checking_disabled: bool = False
    ) -> dns.message.QueryMessage:
        while True:
            query = dns.message.make_query(
                question.name,
                question.type,
                use_edns=0 if edns else None,
                payload=EDNS_PAYLOAD if edns else None,
            )
            if query.id not in self._open:
                break
        if not self.recursive:
            query.flags &= ~dns.flags.RD
        if checking_disabled:
            query.flags |= dns.flags.CD
        self._open[query.id] = (question, query)
        return query

    def _connect(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.server.address else socket.AF_INET
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            udp.connect((self.server.address, self.server.port))
        except BaseException:
            udp.close()
            raise
        return udp

    def _exchange(self, udp: socket.socket) -> None:
        started_at, send_at = time.monotonic(), list(SEND_AT_S)
        while self._open and not self._is_cancelled and (now := time.monotonic()) < self.deadline:
            if send_at and now - started_at >= send_at[0]:
                send_at.pop(0)
                for _, query in list(self._open.values()):
                    udp.send(query.to_wire())
            udp.settimeout(max(min(POLL_S, self.deadline - now), 0.001))
            try:
                self._receive(udp.recv(MAX_DATAGRAM), udp)
            except TimeoutError:
                continue

    def _receive(self, datagram: bytes, udp: socket.socket) -> None:
        query_id = int.from_bytes(datagram[:2], "big")
        if query_id not in self._open:
            return
        question, query = self._open[query_id]
        try:
            response = dns.message.from_wire(datagram, ignore_trailing=True)
        except PARSE_ERRORS:
            self._unreadable.add(question)
            return
        if not query.is_response(response):
            return
        if response.rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP) and query.edns >= 0:
            del self._open[query_id]
            udp.send(self._add_query(question, edns=False).to_wire())
            return
        is_cut = response.flags & dns.flags.TC
        answer = self._query_by_tcp(question, query) if is_cut else self._parse(response, question)
        next_query = self._find_next_query(question, query, answer)
        if next_query is None:
            self._settle(query_id, self._conclude(question, answer))
        else:
            del self._open[query_id]
            udp.send(next_query.to_wire())

    def _find_next_query(
        self, question: Question, query: dns.message.QueryMessage, answer: Answer
    ) -> dns.message.QueryMessage | None:
        """After a resolver's first failure without validation, then as before."""
        if not self.recursive:
            return None
        if answer.outcome is Outcome.SERVFAIL and question not in self._failures:
            self._failures[question] = answer
            return self._add_query(question, checking_disabled=True)
        if query.flags & dns.flags.CD and answer.outcome.is_answer:
            self._unvalidated[question] = answer
            if not DNSSEC_ERRORS.intersection(self._failures[question].errors):
                return self._add_query(question)
        return None

    def _conclude(self, question: Question, answer: Answer) -> Answer:
        failure, unvalidated = self._failures.get(question), self._unvalidated.get(question)
        if failure is None or (answer.outcome.is_answer and answer is not unvalidated):
            return answer
        if unvalidated is None:
            return failure
        is_bogus = answer is unvalidated or answer.outcome is Outcome.SERVFAIL
        return replace(unvalidated, outcome=Outcome.SERVFAIL, is_bogus=is_bogus, errors=failure.errors or answer.errors)

    def _query_by_tcp(self, question: Question, query: dns.message.QueryMessage) -> Answer:
        timeout_s = max(min(TCP_TIMEOUT_S, self.deadline - time.monotonic()), 0.01)
        server = self.server
        try:
            response = dns.query.tcp(query, server.address, timeout=timeout_s, port=server.port, ignore_trailing=True)
        except (TimeoutError, dns.exception.Timeout):
            return self._fail(question, Outcome.TIMEOUT)
        except (OSError, *PARSE_ERRORS):
            return self._fail(question, Outcome.UNREADABLE)
        return self._parse(response, question)

    def _parse(self, response: dns.message.Message, question: Question) -> Answer:
        try:
            return parse_response(response, question, recursive=self.recursive, known_values=self._known_values)
        except PARSE_ERRORS:
            return self._fail(question, Outcome.UNREADABLE)

    def _settle(self, query_id: int, answer: Answer) -> None:
        question, _ = self._open.pop(query_id)
        self._length += sum(len(record.value) for record in answer.records)
        self._answers[question] = answer if self._length <= MAX_LENGTH else self._fail(question, Outcome.UNREADABLE)
        self._changed.set()

    def _settle_open(self, outcome: Outcome) -> None:
        for query_id, (question, _) in list(self._open.items()):
            self._settle(query_id, self._conclude(question, self._fail(question, outcome)))

    def _fail(self, question: Question, outcome: Outcome) -> Answer:
        """Without an answer; a response that couldn't be read matters more than that the right one is late."""
        is_unreadable = question in self._unreadable
        return Answer(question.name, question.type, Outcome.UNREADABLE if is_unreadable else outcome)
