"""What one server says of one name, drawn together from its answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.dns.seen import Answer, Look, Outcome, Record, Source
from portal.dns.texts import Text, text

BESIDE = ("MX", "NS", "TXT")


@dataclass(frozen=True)
class View:
    """`failure` says why the server could not be asked; then nothing else in here counts."""

    name: str
    source: Source
    failure: Outcome | None
    exists: bool
    cname: str | None
    chain: tuple[str, ...]
    is_loop: bool
    ends: tuple[Record, ...]
    a: tuple[Record, ...]
    aaaa: tuple[Record, ...]
    beside: tuple[str, ...]

    @property
    def addresses(self) -> tuple[Record, ...]:
        return (*self.a, *self.aaaa)

    @property
    def seen(self) -> tuple[str | Text, ...]:
        """For "We see …"."""
        if self.cname:
            return (f"CNAME {self.cname}",)
        shown = tuple(shown_record(record) for record in self.addresses)
        return shown or (text("seen_nothing" if self.exists else "seen_no_name"),)


def shown_record(record: Record) -> str | Text:
    if record.is_private:
        return text("seen_private", type=record.type)
    return f"{record.type} {record.value}"


def view(look: Look, source: Source, name: str) -> View:
    by_type = {kind: source.find(name, kind) for kind in ("A", "AAAA", "CNAME", *BESIDE)}
    a, cnames = by_type["A"], by_type["CNAME"]
    cname = _cname(cnames, a)
    is_direct = cname is None
    failure = None if not is_direct or _is_told(a) else (a.outcome if a else Outcome.TIMEOUT)
    chain, is_loop, ends = _followed(look, source, name, cname)
    return View(
        name=name,
        source=source,
        failure=failure,
        exists=not (a and a.outcome is Outcome.NXDOMAIN and is_direct),
        cname=cname,
        chain=chain,
        is_loop=is_loop or cname == name,
        ends=ends,
        a=_records(a) if is_direct else (),
        aaaa=_records(by_type["AAAA"]) if is_direct else (),
        beside=tuple(kind for kind in BESIDE if (found := by_type[kind]) and found.records and not found.chain),
    )


def views(look: Look, sources: Iterable[Source], name: str) -> list[View]:
    """Of those that could be asked."""
    return [found for source in sources if (found := view(look, source, name)).failure is None]


def _is_told(answer: Answer | None) -> bool:
    return answer is not None and answer.outcome.is_told


def _records(answer: Answer | None) -> tuple[Record, ...]:
    return answer.records if answer and answer.outcome is Outcome.ANSWER and not answer.chain else ()


def _cname(cnames: Answer | None, a: Answer | None) -> str | None:
    if cnames and _is_told(cnames) and cnames.records:
        return cnames.records[0].value or None
    return a.chain[0] or None if a and _is_told(a) and a.chain else None


def _followed(
    look: Look, source: Source, name: str, cname: str | None
) -> tuple[tuple[str, ...], bool, tuple[Record, ...]]:
    """The chain to its end and the addresses there, by what the resolvers say."""
    if cname is None:
        return (), False, ()
    chain: tuple[str, ...] = (cname,)
    is_loop, ends = False, tuple[Record, ...]()
    own = source.find(name, "A") if not source.is_authoritative else None
    for answer in (own, *look.by_resolvers(name, "A")):
        if answer and answer.chain[:1] == (cname,):
            return answer.chain, answer.is_loop, answer.records
    steps = {answer.name: answer for answer in look.leads}
    while (step := steps.pop(chain[-1], None)) is not None:
        chain, is_loop, ends = (*chain, *step.chain), step.is_loop, step.records
    return chain, is_loop, ends
