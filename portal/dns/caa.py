"""Whether CAA records let a certificate authority issue a certificate for a name (RFC 8659, with RFC 8657).

An authority looks at the name and at each of its parents up to the top-level domain, until one has CAA records. At a
name with a CNAME it finds those of the target. It issues nothing while a level can't be looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal.dns.findings import Finding
from portal.dns.lookup import Answer, Lookup, Outcome, ServerAnswers
from portal.dns.messages import Message, MessageCode
from portal.dns.suffixes import find_registrable, is_within, list_parents

CRITICAL = 128
_RECORD = re.compile(r'(?P<flags>\d+) (?P<tag>[A-Za-z0-9]+) "(?P<value>.*)"', re.DOTALL)
# What Let's Encrypt knows; a critical record with any other tag forbids all (RFC 8659, 4.5).
_KNOWN_TAGS = frozenset(("issue", "issuewild", "iodef", "issuemail"))
_LABEL = "[A-Za-z0-9](?:-*[A-Za-z0-9])*"
_PARAMETER = rf"{_LABEL}[ \t]*=[ \t]*[\x21-\x3a\x3c-\x7e]*"
# RFC 8659, 4.2. A value that does not match allows nobody.
_VALUE = re.compile(
    rf"[ \t]*(?P<issuer>{_LABEL}(?:\.{_LABEL})*)?[ \t]*"
    rf"(?:;[ \t]*(?P<parameters>{_PARAMETER}(?:[ \t]*;[ \t]*{_PARAMETER})*[ \t]*;?[ \t]*)?)?"
)
_RESTRICTIONS = ("accounturi", "validationmethods")
_REFUSALS = (Outcome.NOTIMP, Outcome.REFUSED, Outcome.UNREADABLE)


@dataclass(frozen=True)
class CaaProblem:
    finding: Finding
    message: Message
    found: tuple[str, ...]
    host: str | None


@dataclass(frozen=True)
class _Level:
    """What is known about the CAA records of one name. `owner` has them: the name, or the target of its CNAME.

    Not `is_known`: it can't be told whether authorities get an answer. `failure`: they get none.
    """

    name: str
    owner: str
    values: tuple[str, ...] = ()
    host: str | None = None
    is_known: bool = True
    failure: Outcome | None = None


def list_problems(lookup: Lookup, issuers: Sequence[str]) -> list[CaaProblem]:
    """Each name server counts, since an authority may ask any of them. `issuers` are named as in CAA records."""
    views = [server for server in lookup.authoritative if server.is_alive]
    views = views or [resolver for resolver in lookup.resolvers if resolver.is_alive]
    problems = [problem for view in views if (problem := _find_problem(lookup, view, issuers)) is not None]
    unique = {problem.message.code: problem for problem in reversed(problems)}
    return list(reversed(unique.values()))


def _find_problem(lookup: Lookup, view: ServerAnswers, issuers: Sequence[str]) -> CaaProblem | None:
    if not issuers:
        return None
    for name in list_parents(lookup.name.removeprefix("*.")):
        level = _read_level(lookup, view, name)
        if level is None:
            continue
        if not level.is_known:
            return _build(level, Finding.CAA_UNKNOWN, MessageCode.CAA_UNKNOWN)
        if level.failure is not None:
            failure, place = _name_failure(level.failure), _find_place(lookup, level)
            code = MessageCode.CAA_FAILS if level.name == place else MessageCode.CAA_FAILS_ABOVE
            return _build(level, Finding.CAA_FAILS, code, failure=failure, place=place, tag="issue", issuer=issuers[0])
        if level.values:
            return _judge(lookup, level, issuers)
    return None


def _read_level(lookup: Lookup, view: ServerAnswers, name: str) -> _Level | None:
    """None for a level about which nothing was asked."""
    own = view.find(name, "CAA") if view.is_authoritative else None
    if own is None or own.chain or (own.outcome is Outcome.TIMEOUT and _is_slow(view)):
        return _read_resolvers(lookup, name, own.chain if own else ())
    if own.outcome.is_answer:
        return _Level(name, name, own.values, view.host)
    others = [server.find_answered(name, "CAA") for server in lookup.authoritative]
    if any(others):
        # An authority tries the other servers too.
        return _Level(name, name)
    return _Level(name, name, host=view.host, failure=own.outcome)


def _is_slow(view: ServerAnswers) -> bool:
    """Whether other queries to the server have no answer either, so that the one about CAA may have been too late."""
    return any(each.outcome is Outcome.TIMEOUT and each.type != "CAA" for each in view.answers)


def _read_resolvers(lookup: Lookup, name: str, chain: Sequence[str]) -> _Level | None:
    found = [(each, answer) for each in lookup.resolvers if each.is_alive and (answer := each.find(name, "CAA"))]
    for resolver, answer in found:
        if answer.outcome.is_answer and answer.chain[: len(chain)] == tuple(chain):
            return _Level(name, answer.chain[-1] if answer.chain else name, answer.values, resolver.host)
    if not found or any(answer.is_bogus or answer.outcome.is_answer for _, answer in found):
        # Resolvers that still see former records, or none at all: there is more to say than about CAA.
        return None
    for resolver, answer in found:
        if _is_failure(resolver, answer):
            return _Level(name, name, host=resolver.host, failure=answer.outcome)
    return _Level(name, name, host=found[0][0].host, is_known=False)


def _is_failure(resolver: ServerAnswers, answer: Answer) -> bool:
    """Whether the zone's servers are to blame. A resolver that knows no CAA records refuses such queries itself."""
    if answer.outcome in _REFUSALS:
        return any(each.type == "CAA" and each.outcome.is_answer for each in resolver.answers)
    return answer.outcome is Outcome.SERVFAIL


def _judge(lookup: Lookup, level: _Level, issuers: Sequence[str]) -> CaaProblem | None:
    records = [match for value in level.values if (match := _RECORD.fullmatch(value)) is not None]
    unknown = [each[0] for each in records if int(each["flags"]) & CRITICAL and each["tag"].lower() not in _KNOWN_TAGS]
    if unknown:
        return _build(level, Finding.CAA_FORBIDS, MessageCode.CAA_CRITICAL, record=f"CAA {unknown[0]}")
    tag, allowed = _list_allowed(records, is_wildcard=lookup.name.startswith("*."))
    if allowed is None:
        return None
    ours = [parameters for issuer, parameters in allowed if issuer in {each.lower() for each in issuers}]
    if not ours:
        return _report_forbidden(lookup, level, tag, sorted({issuer for issuer, _ in allowed if issuer}), issuers[0])
    restrictions = [each for each in _RESTRICTIONS if any(each in parameters for parameters in ours)]
    if restrictions and not any(not parameters.intersection(_RESTRICTIONS) for parameters in ours):
        return _build(
            level, Finding.CAA_RESTRICTS, MessageCode.CAA_RESTRICTS, issuer=issuers[0], tag=tag,
            restriction=", ".join(restrictions), place=_find_place(lookup, level),
        )  # fmt: skip
    return None


def _list_allowed(
    records: Iterable[re.Match[str]], *, is_wildcard: bool
) -> tuple[str, list[tuple[str, frozenset[str]]] | None]:
    """The tag that counts, and each issuer with the names of its parameters. None: no restriction."""
    values: dict[str, list[str]] = {}
    for record in records:
        values.setdefault(record["tag"].lower(), []).append(record["value"])
    tag = "issuewild" if is_wildcard and "issuewild" in values else "issue"
    return tag, [_parse_issuer(each) for each in values[tag]] if tag in values else None


def _parse_issuer(value: str) -> tuple[str, frozenset[str]]:
    match = _VALUE.fullmatch(value)
    if match is None:
        return "", frozenset()
    names = (each.partition("=")[0].strip().lower() for each in (match["parameters"] or "").split(";"))
    return (match["issuer"] or "").lower(), frozenset(filter(None, names))


def _report_forbidden(lookup: Lookup, level: _Level, tag: str, allowed: Sequence[str], issuer: str) -> CaaProblem:
    is_elsewhere = level.owner != level.name and not (lookup.zone and is_within(level.owner, lookup.zone))
    if is_elsewhere:
        return _build(level, Finding.CAA_FORBIDS, MessageCode.CAA_FORBIDS_ALIAS, issuer=issuer, owner=level.owner)
    code = MessageCode.CAA_FORBIDS if allowed else MessageCode.CAA_FORBIDS_ALL
    place = _find_place(lookup, level)
    return _build(level, Finding.CAA_FORBIDS, code, allowed=tuple(allowed), issuer=issuer, tag=tag, place=place)


def _find_place(lookup: Lookup, level: _Level) -> str:
    """Where a CAA record can be added that counts: at the same name or, above the domain's zone, at its apex."""
    zone = lookup.zone or find_registrable(lookup.name.removeprefix("*.")) or lookup.name
    return level.owner if is_within(level.owner, zone) else zone


def _build(level: _Level, finding: Finding, code: MessageCode, **values: str | tuple[str, ...]) -> CaaProblem:
    name = level.name if code is MessageCode.CAA_FORBIDS_ALIAS else level.owner
    message = Message.build(code, **{"name": name, "host": level.host or "DNS", **values})
    return CaaProblem(finding, message, tuple(f"CAA {value}" for value in level.values), level.host)


def _name_failure(outcome: Outcome) -> str:
    """As in DNS, for the one who runs the name servers."""
    return "no answer" if outcome in (Outcome.TIMEOUT, Outcome.UNREACHABLE) else outcome.value.upper()
