"""One look at a domain: the zone and its name servers by way of the resolvers, then the name servers themselves.

Only the resolvers it was given are asked for anything that has to be looked up, never those of the system.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from portal.dns import addresses
from portal.dns.plan import MOST_SERVER_NAMES, Plan
from portal.dns.reading import LONGEST_CHAIN
from portal.dns.records import Needed
from portal.dns.seen import Answer, Look, Outcome, Question
from portal.dns.wire import Batch, Server

LIFETIME_S = 3.0
WHOLE_LOOK_S = 3.5
PATIENCE_S = 1.0
ZONE_PATIENCE_S = 0.6
LEADS_S = 0.8
MOST_SERVERS = 4
MOST_STEPS = 2
MOST_RESOLVERS = 4
LOOKS_AT_ONCE = 4


class TooBusy(RuntimeError):  # reads as what is the case
    """This process has as many looks under way as it may."""


class Asker:
    """Kept for the life of the process. `instead` leads an address of a name server to where it is really asked: for
    the demo's own server, which is neither public nor on port 53."""

    def __init__(
        self,
        resolvers: Iterable[Server | str],
        *,
        instead: Mapping[str, Server] | None = None,
        whole_look_s: float = WHOLE_LOOK_S,
    ) -> None:
        self.resolvers = tuple(each if isinstance(each, Server) else Server.read(each) for each in resolvers)
        self.resolvers = self.resolvers[:MOST_RESOLVERS]
        self.instead = dict(instead or {})
        self.whole_look_s = whole_look_s
        self._room = threading.BoundedSemaphore(LOOKS_AT_ONCE)
        self._threads = ThreadPoolExecutor(
            LOOKS_AT_ONCE * (2 * MOST_RESOLVERS + MOST_SERVERS), thread_name_prefix="dns"
        )

    def look(self, name: str, needed: Sequence[Needed] = (), *, now: datetime | None = None) -> Look:
        """Raises NotAskedError for a name that can't be anybody's domain, TooBusy when all threads are taken."""
        plan = Plan.of(name, needed)
        if not self._room.acquire(timeout=0.2):
            raise TooBusy
        try:
            return _Looking(self, plan, needed).look(now or datetime.now(UTC))
        finally:
            self._room.release()

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def start(self, batch: Batch) -> Batch:
        self._threads.submit(batch.run)
        return batch


class _Looking:
    def __init__(self, asker: Asker, plan: Plan, needed: Sequence[Needed]) -> None:
        self.asker, self.plan = asker, plan
        self.known = frozenset(record.value for record in needed if record.type in ("A", "AAAA"))
        self.begun = time.monotonic()
        self.ends_at = self.begun + asker.whole_look_s
        self.news = threading.Event()
        self.unasked: list[str] = []

    def look(self, now: datetime) -> Look:
        public = [self._ask(server, self.plan.for_resolvers()) for server in self.asker.resolvers]
        found = self._zone(public)
        asked: list[Batch] = []
        if found.records:
            servers = self._servers(found.values)
            asked = [self._ask(server, self.plan.for_authoritative(found.name), recursive=False) for server in servers]
        self._wait_for_all(asked, public)
        leads = self._leads(asked, public)
        for batch in (*asked, *public):
            batch.cut()
            if batch.failure is not None:
                raise batch.failure
        return Look(
            name=self.plan.name,
            asked_at=now,
            took_ms=round((time.monotonic() - self.begun) * 1000),
            zone=found.name if found.records else None,
            zone_outcome=found.outcome,
            name_servers=found.values[:MOST_SERVER_NAMES],
            unasked=tuple(self.unasked),
            sources=tuple(batch.source() for batch in (*asked, *public)),
            leads=leads,
        )

    def _ask(
        self,
        server: Server,
        questions: Iterable[Question],
        *,
        recursive: bool = True,
        lifetime_s: float = LIFETIME_S,
        known: frozenset[str] | None = None,
    ) -> Batch:
        ends_at = min(time.monotonic() + lifetime_s, self.ends_at)
        known = self.known if known is None else known
        return self.asker.start(
            Batch(server, questions, recursive=recursive, ends_at=ends_at, known=known, news=self.news)
        )

    def _wait(self, until: Callable[[], bool], ends_at: float) -> None:
        while not until() and (left := min(ends_at, self.ends_at) - time.monotonic()) > 0:
            self.news.wait(min(left, 0.05))
            self.news.clear()

    def _zone(self, public: list[Batch]) -> Answer:
        """The NS answer of the nearest level that has one; else an answer that says why there is none."""
        questions = self.plan.zone_questions()

        def is_known() -> bool:
            finished = [batch for batch in public if all(batch.find(each) for each in questions)]
            return len(finished) == len(public) or any(_servers_named(batch, questions) for batch in finished)

        def is_likely() -> bool:
            """One level above is known, and the nearer ones seem to get no answer."""
            return all(batch.is_done for batch in public) or any(_servers_named(batch, questions) for batch in public)

        self._wait(is_known, self.begun + ZONE_PATIENCE_S)
        self._wait(is_likely, self.begun + LIFETIME_S)
        for batch in public:
            if (found := _servers_named(batch, questions)) is not None:
                return found
        top = [batch.source().find(self.plan.top, "NS") for batch in public]
        told = [answer for answer in top if answer and answer.outcome.is_told]
        first = next((answer for answer in (*told, *top) if answer), None)
        return Answer(self.plan.top, "NS", first.outcome if first else Outcome.UNREACHABLE)

    def _servers(self, hosts: Sequence[str]) -> list[Server]:
        hosts = hosts[:MOST_SERVER_NAMES]
        questions = [Question(host, kind) for host in hosts for kind in ("A", "AAAA")]
        known = frozenset(self.asker.instead)
        asked = [self._ask(server, questions, lifetime_s=1.0, known=known) for server in self.asker.resolvers]
        self._wait(lambda: _is_settled(asked), self.ends_at)
        sources = [batch.source() for batch in asked]
        for batch in asked:
            batch.cut()
        columns = []
        for host in hosts:
            found = {
                kind: next((told for source in sources if (told := source.told(host, kind)) and told.records), None)
                for kind in ("A", "AAAA")
            }
            columns.append(self._of_host(host, found["A"], found["AAAA"]))
        rows = itertools.zip_longest(*columns)
        servers = [server for row in rows for server in row if server is not None]
        one_each = {(server.address, server.port): server for server in reversed(servers)}
        return list(reversed(one_each.values()))[:MOST_SERVERS]

    def _of_host(self, host: str, *answers: Answer | None) -> list[Server]:
        """IPv6 only where there is nothing else: many machines have none."""
        records = [record for answer in answers if answer for record in answer.records]
        found = []
        for record in records:
            if (instead := self.asker.instead.get(record.value)) is not None:
                found.append(Server(instead.address, instead.port, host))
            elif addresses.may_be_asked(record.value):
                found.append(Server(record.value, 53, host))
        if records and not found:
            self.unasked.append(host)
        by_v4 = [server for server in found if ":" not in server.address]
        return by_v4 or found

    def _wait_for_all(self, asked: list[Batch], public: list[Batch]) -> None:
        """For everything, but once patience is over only until a decisive server has told what matters most."""
        decisive, essential = asked or public, self.plan.essential()

        def is_enough() -> bool:
            if all(batch.is_done for batch in (*asked, *public)):
                return True
            if time.monotonic() < self.begun + PATIENCE_S:
                return False
            return any(_has_told(batch, essential) for batch in decisive)

        self._wait(is_enough, self.ends_at)

    def _leads(self, asked: list[Batch], public: list[Batch]) -> tuple[Answer, ...]:
        """Where a CNAME leads that the resolvers have not seen yet. They follow it: a server knows but its own."""
        leads: dict[str, Answer] = {}
        fresh = self._new_steps(asked, public)
        ends_at = min(time.monotonic() + LEADS_S, self.ends_at)
        for _ in range(LONGEST_CHAIN):
            if not fresh or time.monotonic() >= ends_at:
                break
            answers = self._by_resolvers([Question(step, "A") for step in fresh], ends_at)
            for answer in answers:
                leads.setdefault(answer.name, answer)
            unfinished = [each for each in answers if each.chain and not each.records and not each.is_loop]
            fresh = sorted({each.chain[-1] for each in unfinished} - set(leads))[:MOST_STEPS]
        return tuple(leads.values())

    def _new_steps(self, asked: list[Batch], public: list[Batch]) -> list[str]:
        a_and_cname = [(Question(name, "A"), Question(name, "CNAME")) for name in self.plan.names]
        told = [answer for batch in asked for _, cname in a_and_cname if (answer := batch.find(cname))]
        steps = {record.value for answer in told for record in answer.records[:1]}
        known = [answer for batch in public for a, _ in a_and_cname if (answer := batch.find(a))]
        seen = {step for answer in known if answer.outcome.is_told for step in answer.chain}
        return sorted(steps - seen - set(self.plan.targets))[:MOST_STEPS]

    def _by_resolvers(self, questions: list[Question], ends_at: float) -> list[Answer]:
        """The real answers of whichever resolver is first."""
        batches = [self._ask(server, questions) for server in self.asker.resolvers]
        self._wait(lambda: _is_settled(batches), ends_at)
        for batch in batches:
            batch.cut()
        return [answer for batch in batches for answer in batch.source().answers if answer.outcome.is_told]


def _is_settled(batches: list[Batch]) -> bool:
    """One of them has told something, or none will."""
    return all(b.is_done for b in batches) or any(b.is_done and _any_told(b) for b in batches)


def _has_told(batch: Batch, questions: Iterable[Question]) -> bool:
    answers = [batch.find(each) for each in questions if each in batch.questions]
    return bool(answers) and all(answer and answer.outcome.is_told for answer in answers)


def _any_told(batch: Batch) -> bool:
    return any(answer.outcome.is_told for answer in batch.source().answers)


def _servers_named(batch: Batch, questions: Iterable[Question]) -> Answer | None:
    """A name that is a CNAME is no zone, whatever stands at the end of its chain."""
    for question in questions:
        answer = batch.find(question)
        if answer is not None and answer.records and not answer.chain:
            return answer
    return None
