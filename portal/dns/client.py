"""The lookup of a domain: its zone and name servers from the resolvers, then its records from the name servers.

Only the resolvers that the client was given are queried, never those of the operating system.
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from portal.dns import addresses
from portal.dns.lookup import Answer, Lookup, Outcome, Question
from portal.dns.queries import QueryBatch, Server
from portal.dns.questions import Questions
from portal.dns.records import RequiredRecord
from portal.dns.responses import MAX_CHAIN_LENGTH

MAX_RESOLVERS = 4
MAX_NAME_SERVER_NAMES = 8
MAX_NAME_SERVERS = 8
MAX_CNAME_TARGETS = 2
MAX_LOOKUPS = 4
SLOT_WAIT_S = 0.2


class TooBusy(RuntimeError):
    """This process has MAX_LOOKUPS lookups running."""


@dataclass(frozen=True)
class Timeouts:
    """A lookup takes `lookup_s` at most. It ends after `patience_s` once one server has answered the essentials, but
    waits until `caa_s` for one that answers about CAA, since the lack of an answer is a finding there.
    """

    lookup_s: float = 3.5
    queries_s: float = 3.0
    patience_s: float = 1.0
    caa_s: float = 2.0
    nearest_zone_s: float = 0.6
    name_server_addresses_s: float = 1.0
    cname_targets_s: float = 0.8


class Client:
    """One for the process. `overrides` maps a name server's address to the server that is queried in its place, for
    the demo's own server, which is neither public nor on port 53.
    """

    def __init__(
        self,
        resolvers: Iterable[Server | str],
        *,
        overrides: Mapping[str, Server] | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        servers = [each if isinstance(each, Server) else Server.parse(each) for each in resolvers]
        self.resolvers = tuple(servers[:MAX_RESOLVERS])
        self.overrides = dict(overrides or {})
        self.timeouts = timeouts or Timeouts()
        self._slots = threading.BoundedSemaphore(MAX_LOOKUPS)
        # Each lookup queries the resolvers up to twice at a time, and the name servers once.
        self.threads = ThreadPoolExecutor(
            MAX_LOOKUPS * (2 * MAX_RESOLVERS + MAX_NAME_SERVERS), thread_name_prefix="dns"
        )

    def look_up(self, name: str, required: Sequence[RequiredRecord] = (), *, now: datetime) -> Lookup:
        """Raises LookupRefused for a name that is no domain, TooBusy."""
        questions = Questions.plan(name, required, probe=f"q{secrets.token_hex(6)}")
        if not self._slots.acquire(timeout=SLOT_WAIT_S):
            raise TooBusy
        try:
            return _LookupRun(self, questions, required).run(now)
        finally:
            self._slots.release()

    def close(self) -> None:
        self.threads.shutdown(wait=True, cancel_futures=True)


class _LookupRun:
    """One lookup. `from_resolvers` and `from_name_servers` are its running queries."""

    def __init__(self, client: Client, questions: Questions, required: Sequence[RequiredRecord]) -> None:
        self.client, self.questions, self.timeouts = client, questions, client.timeouts
        self.required_values = frozenset(each.value for each in required)
        self.started_at = time.monotonic()
        self.deadline = self.started_at + self.timeouts.lookup_s
        self.changed = threading.Event()
        self.private_name_servers: list[str] = []
        self.from_resolvers: list[QueryBatch] = []
        self.from_name_servers: list[QueryBatch] = []

    def run(self, now: datetime) -> Lookup:
        self.from_resolvers = [self._query(each, self.questions.for_resolvers()) for each in self.client.resolvers]
        ns = self._find_zone()
        if ns.records:
            questions = self.questions.for_name_servers(ns.name)
            servers = self._list_name_servers(ns.values)
            self.from_name_servers = [self._query(server, questions, recursive=False) for server in servers]
        self._wait_for_answers()
        cname_targets = self._look_up_cname_targets()
        batches = (*self.from_name_servers, *self.from_resolvers)
        for batch in batches:
            batch.cancel()
            if batch.error is not None:
                raise batch.error
        return Lookup(
            name=self.questions.name,
            looked_up_at=now,
            duration_ms=round((time.monotonic() - self.started_at) * 1000),
            zone=ns.name if ns.records else None,
            zone_outcome=ns.outcome,
            name_servers=ns.values[:MAX_NAME_SERVER_NAMES],
            private_name_servers=tuple(self.private_name_servers),
            servers=tuple(batch.get_answers() for batch in batches),
            cname_targets=cname_targets,
            probe=self.questions.probe,
        )

    def _query(
        self,
        server: Server,
        questions: Iterable[Question],
        *,
        recursive: bool = True,
        timeout_s: float | None = None,
        known_values: frozenset[str] | None = None,
    ) -> QueryBatch:
        timeout_s = self.timeouts.queries_s if timeout_s is None else timeout_s
        batch = QueryBatch(
            server,
            questions,
            recursive=recursive,
            deadline=min(time.monotonic() + timeout_s, self.deadline),
            known_values=self.required_values if known_values is None else known_values,
            changed=self.changed,
        )
        self.client.threads.submit(batch.run)
        return batch

    def _wait(self, is_over: Callable[[], bool], *, until: float) -> None:
        while not is_over() and (left := min(until, self.deadline) - time.monotonic()) > 0:
            self.changed.wait(min(left, 0.05))
            self.changed.clear()

    def _find_zone(self) -> Answer:
        """The NS records of the nearest level that has some, else an answer without records that holds the reason."""
        questions, batches = self.questions.about_zone(), self.from_resolvers

        def is_certain() -> bool:
            complete = [batch for batch in batches if all(batch.find(each) for each in questions)]
            return len(complete) == len(batches) or any(_find_ns(batch, questions) for batch in complete)

        def is_likely() -> bool:
            """A parent is known to be a zone, and the nearer levels seem to get no answer."""
            return all(batch.is_done for batch in batches) or any(_find_ns(batch, questions) for batch in batches)

        self._wait(is_certain, until=self.started_at + self.timeouts.nearest_zone_s)
        self._wait(is_likely, until=self.started_at + self.timeouts.queries_s)
        for batch in batches:
            if (found := _find_ns(batch, questions)) is not None:
                return found
        apex = self.questions.registrable
        answers = [answer for batch in batches if (answer := batch.get_answers().find(apex, "NS"))]
        outcomes = [answer.outcome for answer in sorted(answers, key=lambda answer: not answer.outcome.is_answer)]
        return Answer(apex, "NS", outcomes[0] if outcomes else Outcome.UNREACHABLE)

    def _list_name_servers(self, hosts: Sequence[str]) -> list[Server]:
        """One address of each host, then further ones, up to MAX_NAME_SERVERS."""
        hosts = hosts[:MAX_NAME_SERVER_NAMES]
        answers = self._query_resolvers(
            [Question(host, record_type) for host in hosts for record_type in ("A", "AAAA")],
            timeout_s=self.timeouts.name_server_addresses_s,
            known_values=frozenset(self.client.overrides),
        )
        columns = [self._list_servers(host, _pick_values(answers, host)) for host in hosts]
        servers = [server for row in itertools.zip_longest(*columns) for server in row if server is not None]
        unique = {(server.address, server.port): server for server in reversed(servers)}
        return list(reversed(unique.values()))[:MAX_NAME_SERVERS]

    def _list_servers(self, host: str, host_addresses: Sequence[str]) -> list[Server]:
        """IPv6 only where there is no IPv4, since many machines have no IPv6."""
        servers = []
        for address in host_addresses:
            if (override := self.client.overrides.get(address)) is not None:
                servers.append(Server(override.address, override.port, host))
            elif addresses.is_public(address):
                servers.append(Server(address, 53, host))
        if host_addresses and not servers:
            self.private_name_servers.append(host)
        return [server for server in servers if ":" not in server.address] or servers

    def _wait_for_answers(self) -> None:
        """Wait for all servers, but after `patience_s` only until one decisive server has answered the essentials."""
        decisive = self.from_name_servers or self.from_resolvers
        essentials, caa = self.questions.about_essentials(), self.questions.about_caa()

        def is_enough() -> bool:
            if all(batch.is_done for batch in (*self.from_name_servers, *self.from_resolvers)):
                return True
            elapsed_s = time.monotonic() - self.started_at
            answered = [each for each in decisive if _has_answered(each, essentials)]
            is_caa_over = elapsed_s >= self.timeouts.caa_s or any(_has_answered(each, caa) for each in answered)
            return elapsed_s >= self.timeouts.patience_s and bool(answered) and is_caa_over

        self._wait(is_enough, until=self.deadline)

    def _look_up_cname_targets(self) -> tuple[Answer, ...]:
        """Follow CNAMEs that the resolvers have not seen yet, since a name server knows only its own zone."""
        found: dict[str, Answer] = {}
        targets = self._list_new_targets()
        ends_at = time.monotonic() + self.timeouts.cname_targets_s
        for _ in range(MAX_CHAIN_LENGTH):
            left_s = min(ends_at, self.deadline) - time.monotonic()
            if not targets or left_s <= 0:
                break
            answers = self._query_resolvers([Question(target, "A") for target in targets], timeout_s=left_s)
            for answer in answers:
                found.setdefault(answer.name, answer)
            unfinished = [each for each in answers if each.chain and not each.records and not each.is_loop]
            targets = sorted({each.chain[-1] for each in unfinished} - set(found))[:MAX_CNAME_TARGETS]
        return tuple(found.values())

    def _list_new_targets(self) -> list[str]:
        names = self.questions.names
        cnames = [batch.find(Question(name, "CNAME")) for batch in self.from_name_servers for name in names]
        targets = {record.value for answer in cnames if answer for record in answer.records[:1]}
        followed = [batch.find(Question(name, "A")) for batch in self.from_resolvers for name in names]
        seen = {target for answer in followed if answer and answer.outcome.is_answer for target in answer.chain}
        return sorted(targets - seen - set(self.questions.targets))[:MAX_CNAME_TARGETS]

    def _query_resolvers(
        self, questions: list[Question], *, timeout_s: float, known_values: frozenset[str] | None = None
    ) -> list[Answer]:
        """The answers of the resolvers until one of them has answered everything it will."""
        batches = [
            self._query(resolver, questions, timeout_s=timeout_s, known_values=known_values)
            for resolver in self.client.resolvers
        ]

        def is_over() -> bool:
            done = [batch for batch in batches if batch.is_done]
            return len(done) == len(batches) or any(_list_answers(batch) for batch in done)

        self._wait(is_over, until=self.deadline)
        for batch in batches:
            batch.cancel()
        return [answer for batch in batches for answer in _list_answers(batch)]


def _pick_values(answers: Iterable[Answer], name: str) -> list[str]:
    """The values of the first answer of each record type."""
    first: dict[str, Answer] = {}
    for answer in answers:
        if answer.name == name and answer.records:
            first.setdefault(answer.type, answer)
    return [record.value for answer in first.values() for record in answer.records]


def _list_answers(batch: QueryBatch) -> list[Answer]:
    return [answer for answer in batch.get_answers().answers if answer.outcome.is_answer or answer.is_bogus]


def _has_answered(batch: QueryBatch, questions: Iterable[Question]) -> bool:
    answers = [batch.find(question) for question in questions if question in batch.questions]
    return bool(answers) and all(answer is not None and answer.outcome.is_answer for answer in answers)


def _find_ns(batch: QueryBatch, questions: Iterable[Question]) -> Answer | None:
    """A name with a CNAME is not the apex of a zone, whatever records its target has."""
    for question in questions:
        answer = batch.find(question)
        if answer is not None and answer.records and not answer.chain:
            return answer
    return None
