"""What one server answers about one name, combined from its answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.dns.lookup import Answer, Lookup, Outcome, Record, ServerAnswers
from portal.dns.messages import Message, MessageCode

OTHER_TYPES = ("MX", "NS", "TXT")

Found = tuple[str | Message, ...]


@dataclass(frozen=True)
class Observation:
    """If there is a `failure`, the server could not be asked, and nothing else in here means anything.

    `chain` holds the targets of the CNAMEs in order and `chain_ends` the addresses of the last one, as the resolvers
    see them. `others` are the types of further records at the name.
    """

    name: str
    server: ServerAnswers
    failure: Outcome | None
    exists: bool
    cname: str | None
    chain: tuple[str, ...]
    is_loop: bool
    chain_ends: tuple[Record, ...]
    a: tuple[Record, ...]
    aaaa: tuple[Record, ...]
    others: tuple[str, ...]

    @property
    def addresses(self) -> tuple[Record, ...]:
        return (*self.a, *self.aaaa)

    @property
    def found(self) -> Found:
        if self.cname:
            return (f"CNAME {self.cname}",)
        nothing = MessageCode.FOUND_NO_RECORD if self.exists else MessageCode.FOUND_NO_NAME
        return describe_records(self.addresses) or (Message(nothing),)


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
    chain, is_loop, chain_ends = _follow(lookup, server, name, cname)
    others = ((record_type, server.find(name, record_type)) for record_type in OTHER_TYPES)
    return Observation(
        name=name,
        server=server,
        failure=failure,
        exists=not (a and a.outcome is Outcome.NXDOMAIN and cname is None),
        cname=cname,
        chain=chain,
        is_loop=is_loop or cname == name,
        chain_ends=chain_ends,
        a=_list_records(a) if cname is None else (),
        aaaa=_list_records(aaaa) if cname is None else (),
        others=tuple(each for each, answer in others if answer and answer.records and not answer.chain),
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


def _follow(
    lookup: Lookup, server: ServerAnswers, name: str, cname: str | None
) -> tuple[tuple[str, ...], bool, tuple[Record, ...]]:
    """The chain to its end, whether it is a loop, and the addresses at its end, as the resolvers see them."""
    if cname is None:
        return (), False, ()
    own = None if server.is_authoritative else server.find(name, "A")
    for answer in (own, *lookup.iterate_resolver_answers(name, "A")):
        if answer and answer.chain[:1] == (cname,):
            return answer.chain, answer.is_loop, answer.records
    chain: tuple[str, ...] = (cname,)
    is_loop, ends = False, tuple[Record, ...]()
    targets = {answer.name: answer for answer in lookup.cname_targets}
    while (target := targets.pop(chain[-1], None)) is not None:
        chain, is_loop, ends = (*chain, *target.chain), target.is_loop, target.records
    return chain, is_loop, ends
