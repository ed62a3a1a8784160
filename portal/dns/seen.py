"""What was asked and answered: plain values, so that a look can be kept and explained later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """The first three are answers; with all others we could not ask, and know nothing."""

    ANSWER = "answer"
    NO_DATA = "no_data"
    NXDOMAIN = "nxdomain"
    TIMEOUT = "timeout"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    LAME = "lame"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"

    @property
    def is_told(self) -> bool:
        return self in (Outcome.ANSWER, Outcome.NO_DATA, Outcome.NXDOMAIN)


@dataclass(frozen=True)
class Question:
    name: str
    type: str


@dataclass(frozen=True)
class Record:
    """A private address has no value here: it is nobody's business to see."""

    type: str
    value: str
    ttl: int = 0
    is_private: bool = False


@dataclass(frozen=True)
class Answer:
    """`chain` are the CNAMEs followed from the name, nearest first; the records are those at its end."""

    name: str
    type: str
    outcome: Outcome
    records: tuple[Record, ...] = ()
    chain: tuple[str, ...] = ()
    is_loop: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(record.value for record in self.records if not record.is_private)


@dataclass(frozen=True)
class Source:
    """One server and its answers."""

    host: str
    address: str
    is_authoritative: bool
    answers: tuple[Answer, ...] = ()

    def find(self, name: str, kind: str) -> Answer | None:
        return next((answer for answer in self.answers if answer.name == name and answer.type == kind), None)

    def told(self, name: str, kind: str) -> Answer | None:
        """Only a real answer."""
        found = self.find(name, kind)
        return found if found and found.outcome.is_told else None


@dataclass(frozen=True)
class Look:
    """One look at a name. `zone_outcome` says why there is no zone, if there is none.

    `unasked` are name servers whose addresses are not public, `leads` what a new CNAME leads to, by the resolvers.
    """

    name: str
    asked_at: datetime
    took_ms: int
    zone: str | None
    zone_outcome: Outcome
    name_servers: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    leads: tuple[Answer, ...] = ()

    @property
    def authoritative(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.is_authoritative)

    @property
    def resolvers(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if not source.is_authoritative)

    def by_resolvers(self, name: str, kind: str) -> Iterator[Answer]:
        """Real answers only."""
        for source in self.resolvers:
            if (answer := source.told(name, kind)) is not None:
                yield answer
