"""What one server answers about one name, combined from its answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portal.dns import wildcards
from portal.dns.lookup import Answer, Lookup, Outcome, Record, ServerAnswers
from portal.dns.messages import Message, MessageCode
from portal.dns.questions import OTHER_TYPES
from portal.dns.responses import MAX_CHAIN_LENGTH

Found = tuple[str | Message, ...]


@dataclass(frozen=True)
class ChainEnd:
    """The last host of a chain of CNAMEs and its addresses. Not `is_known`: nobody answered about it."""

    chain: tuple[str, ...] = ()
    is_loop: bool = False
    is_known: bool = False
    addresses: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Observation:
    """If there is a `failure`, the server could not be asked, and nothing else in here means anything.

    `end` is where the CNAME leads. `others` are further records at the name. `is_from_wildcard`: the name itself does
    not exist, a wildcard answers in its place.
    """

    name: str
    server: ServerAnswers
    failure: Outcome | None
    exists: bool
    cname: str | None
    end: ChainEnd
    a: tuple[Record, ...]
    aaaa: tuple[Record, ...]
    others: tuple[Record, ...]
    is_from_wildcard: bool

    @property
    def addresses(self) -> tuple[Record, ...]:
        return (*self.a, *self.aaaa)

    @property
    def found(self) -> Found:
        if self.cname:
            return (f"CNAME {self.cname}",)
        nothing = MessageCode.FOUND_NO_RECORD if self.exists else MessageCode.FOUND_NO_NAME
        return describe_records(self.addresses) or (Message(nothing),)

    def has_other(self, *types: str) -> bool:
        return any(record.type in types for record in self.others)


def describe_records(records: Iterable[Record]) -> Found:
    return tuple(
        Message.build(MessageCode.FOUND_PRIVATE, type=each.type) if each.is_private else f"{each.type} {each.value}"
        for each in records
    )


def observe(lookup: Lookup, server: ServerAnswers, name: str) -> Observation:
    a, aaaa, cname_answer = (server.find(name, record_type) for record_type in ("A", "AAAA", "CNAME"))
    cname = _find_cname(cname_answer, a)
    failure = None
    if cname is None and not _is_answer(a):
        failure = a.outcome if a else Outcome.TIMEOUT
    is_from_wildcard = wildcards.is_from_wildcard(server, name, lookup.probe)
    others = (server.find_answered(name, record_type) for record_type in OTHER_TYPES)
    return Observation(
        name=name,
        server=server,
        failure=failure,
        exists=not (a and a.outcome is Outcome.NXDOMAIN and cname is None),
        cname=cname,
        end=_follow(lookup, server, name, cname) if cname else ChainEnd(),
        a=_list_records(a) if cname is None else (),
        aaaa=_list_records(aaaa) if cname is None else (),
        others=tuple(
            record
            for answer in others
            if answer and not answer.chain and not is_from_wildcard
            for record in answer.records
        ),
        is_from_wildcard=is_from_wildcard,
    )


def list_observations(lookup: Lookup, servers: Iterable[ServerAnswers], name: str) -> list[Observation]:
    """Without those servers that gave no answer."""
    observations = [observe(lookup, server, name) for server in servers]
    return [observation for observation in observations if observation.failure is None]


def _is_answer(answer: Answer | None) -> bool:
    return answer is not None and answer.outcome.is_answer


def _list_records(answer: Answer | None) -> tuple[Record, ...]:
    return answer.records if answer and answer.outcome is Outcome.ANSWER and not answer.chain else ()


def _find_cname(cname: Answer | None, a: Answer | None) -> str | None:
    if cname and _is_answer(cname) and cname.records:
        return cname.records[0].value or None
    return a.chain[0] or None if a and _is_answer(a) and a.chain else None


def _follow(lookup: Lookup, server: ServerAnswers, name: str, cname: str) -> ChainEnd:
    """The chain as far as the server itself knows it, which is only its own zone, then as the resolvers see it."""
    chain = [cname]
    while server.is_authoritative and len(chain) <= MAX_CHAIN_LENGTH:
        if chain[-1] == name or chain[-1] in chain[:-1]:
            return ChainEnd(tuple(chain), is_loop=True, is_known=True)
        answer = server.find_answered(chain[-1], "CNAME")
        if answer is None or not answer.records or not answer.records[0].value:
            break
        chain.append(answer.records[0].value)
    own = server.find_answered(chain[-1], "A") if server.is_authoritative else None
    if own is not None and not own.chain:
        return ChainEnd(tuple(chain), is_known=True, addresses=_list_addresses(server, chain[-1], ()))
    for resolver in (server, *lookup.resolvers):
        found = resolver.find_answered(name, "A")
        if found is not None and not resolver.is_authoritative and found.chain[: len(chain)] == tuple(chain):
            return ChainEnd(found.chain, found.is_loop, True, _list_addresses(resolver, name, found.chain))
    return _follow_targets(lookup, chain)


def _follow_targets(lookup: Lookup, chain: list[str]) -> ChainEnd:
    targets = {answer.name: answer for answer in lookup.cname_targets}
    answer = None
    while (target := targets.pop(chain[-1], None)) is not None:
        answer, chain = target, [*chain, *target.chain]
    if answer is None:
        return ChainEnd(tuple(chain), is_loop=chain[-1] in chain[:-1])
    return ChainEnd(tuple(chain), answer.is_loop, answer.outcome.is_answer, answer.records)


def _list_addresses(server: ServerAnswers, name: str, chain: tuple[str, ...]) -> tuple[Record, ...]:
    def iterate() -> Iterator[Record]:
        for record_type in ("A", "AAAA"):
            answer = server.find_answered(name, record_type)
            if answer is not None and answer.chain == chain:
                yield from answer.records

    return tuple(iterate())
