"""What one server's view means for one needed record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from portal.dns import proxies
from portal.dns.records import Needed
from portal.dns.seen import Look, Record
from portal.dns.suffixes import is_below
from portal.dns.texts import Text
from portal.dns.views import View, shown_record


class Judgement(StrEnum):
    """In alphabetical order. RIGHT and FLATTENED are good; COULD_NOT_ASK says nothing about the domain."""

    CAA_FORBIDS = "caa_forbids"
    CONFLICT = "conflict"
    COULD_NOT_ASK = "could_not_ask"
    EXTRA = "extra"
    FLATTENED = "flattened"
    MISSING = "missing"
    NO_ZONE = "no_zone"
    PROXIED = "proxied"
    RIGHT = "right"
    SPREADING = "spreading"
    STALE_AAAA = "stale_aaaa"
    UNRESOLVABLE = "unresolvable"
    WRONG = "wrong"

    @property
    def is_right(self) -> bool:
        return self in (Judgement.RIGHT, Judgement.FLATTENED)


Word = str | Text
Params = dict[str, str | int | Text | tuple[str | int | Text, ...]]


@dataclass(frozen=True)
class Finding:
    """`code` names the sentence."""

    judgement: Judgement
    code: str
    seen: tuple[Word, ...] = ()
    more: Params = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """What the name a CNAME should lead to answers itself. Not `is_known`: that could not be found out."""

    a: frozenset[str]
    aaaa: frozenset[str]
    is_known: bool

    @classmethod
    def of(cls, look: Look, host: str) -> Target:
        def values(kind: str) -> frozenset[str]:
            return frozenset(value for answer in look.by_resolvers(host, kind) for value in answer.values)

        return cls(values("A"), values("AAAA"), any(True for _ in look.by_resolvers(host, "A")))


def of_alias(need: Needed, view: View, look: Look) -> Finding:
    """A CNAME, ALIAS or ANAME to a host, or its addresses filled in by the DNS host."""
    if view.cname:
        return _of_cname(need, view, look)
    if view.addresses:
        return _of_addresses_for_alias(need, view, look)
    if view.beside and not need.is_at_top(look.zone):
        return Finding(Judgement.CONFLICT, "conflict_before", view.beside, {"others": view.beside})
    return _missing(need, view, look)


def _of_cname(need: Needed, view: View, look: Look) -> Finding:
    if need.value not in view.chain:
        if look.zone and view.cname == f"{need.value}.{look.zone}":
            return Finding(Judgement.WRONG, "wrong_cname_zone", view.seen)
        return _of_wrong_cname(view, "wrong_cname")
    if view.beside:
        return Finding(Judgement.CONFLICT, "conflict_beside", view.seen, {"others": view.beside})
    if view.cname == need.value:
        return Finding(Judgement.RIGHT, "right", view.seen)
    return Finding(Judgement.RIGHT, "right_via", view.seen, {"via": view.cname or ""})


def _of_wrong_cname(view: View, code: str) -> Finding:
    if view.is_loop:
        return Finding(Judgement.WRONG, "wrong_loop", view.seen)
    found = {"found": view.cname or ""}
    network = next((network for host in view.chain if (network := proxies.of_host(host))), None)
    if network:
        return Finding(Judgement.PROXIED, "proxied_cname", view.seen, {"network": network, **found})
    return Finding(Judgement.WRONG, code, view.seen, {**found})


def _of_addresses_for_alias(need: Needed, view: View, look: Look) -> Finding:
    target = Target.of(look, need.value)
    a, aaaa = _values(view.a), _values(view.aaaa)
    if (a & target.a) or (not view.a and aaaa & target.aaaa):
        return Finding(Judgement.FLATTENED, "flattened", view.seen)
    if (found := _of_strangers(view.addresses, view)) is not None:
        return found
    if not target.is_known:
        return Finding(Judgement.COULD_NOT_ASK, "could_not_ask_target", view.seen)
    return Finding(Judgement.WRONG, "wrong_addresses", view.seen, {"found": view.seen})


def of_address(need: Needed, view: View, look: Look, all_needed: Sequence[Needed]) -> Finding:
    """An A or AAAA record."""
    wanted = {each.value for each in all_needed if each.name == need.name and each.type in ("A", "AAAA")}
    if view.cname:
        ends = _values(view.ends)
        if ends and ends <= wanted:
            return Finding(Judgement.RIGHT, "right_via", view.seen, {"via": view.cname})
        return _of_wrong_cname(view, "wrong_is_cname")
    there = view.a if need.type == "A" else view.aaaa
    if need.value in _values(there):
        return Finding(Judgement.RIGHT, "right", view.seen)
    strangers = tuple(record for record in there if record.value not in wanted)
    in_its_place = _in_the_place_of(need, strangers, there, all_needed)
    if not in_its_place:
        return _missing(need, view, look)
    return _of_strangers(strangers, view) or Finding(
        Judgement.WRONG, "wrong_value", view.seen, {"found": tuple(map(shown_record, in_its_place))}
    )


def _in_the_place_of(
    need: Needed, strangers: Sequence[Record], there: Sequence[Record], all_needed: Sequence[Needed]
) -> Sequence[Record]:
    """Strangers are dealt out to the records that are missing, so that each is told to be replaced once."""
    here = _values(there)
    absent = [
        each for each in all_needed if (each.name, each.type) == (need.name, need.type) and each.value not in here
    ]
    return strangers[absent.index(need) :: len(absent)]


def _of_strangers(records: Sequence[Record], view: View) -> Finding | None:
    if (network := _behind(records)) is not None:
        return Finding(Judgement.PROXIED, "proxied", view.seen, {"network": network})
    if all(record.is_private for record in records):
        return Finding(Judgement.WRONG, "wrong_private", view.seen)
    return None


def of_other(need: Needed, view: View, look: Look) -> Finding | None:
    """TXT and the rest: several may stand side by side. None: could not be asked."""
    answer = view.source.told(need.name, need.type)
    if answer is None:
        return None
    shown = tuple(f"{record.type} {record.value[:120]}" for record in answer.records)
    if any(_same(need, record.value) for record in answer.records):
        return Finding(Judgement.RIGHT, "right", (f"{need.type} {need.value[:120]}",))
    if answer.records and need.name.startswith("_"):
        return Finding(Judgement.WRONG, "wrong_value", shown, {"found": shown})
    return _missing(need, view, look, shown)


def _same(need: Needed, value: str) -> bool:
    return value == need.value if need.type == "TXT" else value.casefold() == need.value.casefold()


def _missing(need: Needed, view: View, look: Look, seen: tuple[Word, ...] = ()) -> Finding:
    if look.zone:
        twice = f"{need.name}.{look.zone}"
        for kind in ("CNAME", "A"):
            answer = view.source.told(twice, kind)
            if answer and answer.records and is_below(need.name, look.zone):
                shown = tuple(map(shown_record, answer.records))
                return Finding(Judgement.MISSING, "missing_twice", shown, {"twice": twice})
    return Finding(Judgement.MISSING, "missing", seen or view.seen)


def _values(records: Sequence[Record]) -> frozenset[str]:
    return frozenset(record.value for record in records if not record.is_private)


def _behind(records: Sequence[Record]) -> str | None:
    """The network all of them belong to."""
    names = {proxies.of_address(record.value) for record in records}
    return names.pop() if len(names) == 1 else None
