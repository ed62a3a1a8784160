"""The stored form of one DNS lookup: plain values, so that it can be kept as JSON and diagnosed later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """The first three are answers. All others mean that we know nothing about the name.

    DELEGATED: the server names others that are responsible for the name.
    """

    ANSWER = "answer"
    NO_DATA = "no_data"
    NXDOMAIN = "nxdomain"
    TIMEOUT = "timeout"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    DELEGATED = "delegated"
    LAME = "lame"
    NOTIMP = "notimp"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"

    @property
    def is_answer(self) -> bool:
        return self in (Outcome.ANSWER, Outcome.NO_DATA, Outcome.NXDOMAIN)


@dataclass(frozen=True)
class Question:
    name: str
    type: str


@dataclass(frozen=True)
class Record:
    """`ttl` in seconds. The value of a private address is left out, since nobody may see it."""

    type: str
    value: str
    ttl: int = 0
    is_private: bool = False


@dataclass(frozen=True)
class Answer:
    """`chain` holds the targets of the CNAMEs that were followed, in order. `records` belong to the last of them.

    `is_bogus`: a resolver fails (SERVFAIL), but gives these records without validating DNSSEC. `errors` are the codes
    of the extended errors (RFC 8914) that came with a failure.
    """

    name: str
    type: str
    outcome: Outcome
    records: tuple[Record, ...] = ()
    chain: tuple[str, ...] = ()
    is_loop: bool = False
    is_bogus: bool = False
    errors: tuple[int, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(record.value for record in self.records if not record.is_private)


@dataclass(frozen=True)
class ServerAnswers:
    """One server and its answers. `host` is its name, or its address if it has none."""

    host: str
    address: str
    is_authoritative: bool
    answers: tuple[Answer, ...] = ()

    @property
    def is_alive(self) -> bool:
        """Whether it answered anything."""
        return any(answer.outcome.is_answer for answer in self.answers)

    def find(self, name: str, record_type: str) -> Answer | None:
        return next((each for each in self.answers if each.name == name and each.type == record_type), None)

    def find_answered(self, name: str, record_type: str) -> Answer | None:
        """None also where the server gave no answer."""
        found = self.find(name, record_type)
        return found if found and found.outcome.is_answer else None


@dataclass(frozen=True)
class Lookup:
    """One lookup of a name.

    `zone_outcome` says why there is no `zone`, if there is none. `private_name_servers` were not queried, since they
    have no public address. `cname_targets` are resolvers' answers about targets of CNAMEs that only a name server
    knew. `probe` is the random label of names that do not exist unless there is a wildcard.
    """

    name: str
    looked_up_at: datetime
    duration_ms: int
    zone: str | None
    zone_outcome: Outcome
    name_servers: tuple[str, ...] = ()
    private_name_servers: tuple[str, ...] = ()
    servers: tuple[ServerAnswers, ...] = ()
    cname_targets: tuple[Answer, ...] = ()
    probe: str = ""

    @property
    def authoritative(self) -> tuple[ServerAnswers, ...]:
        return tuple(server for server in self.servers if server.is_authoritative)

    @property
    def resolvers(self) -> tuple[ServerAnswers, ...]:
        return tuple(server for server in self.servers if not server.is_authoritative)

    def iterate_resolver_answers(self, name: str, record_type: str) -> Iterator[Answer]:
        for resolver in self.resolvers:
            if (answer := resolver.find_answered(name, record_type)) is not None:
                yield answer
