"""Whether CAA records let a certificate authority issue for a name (RFC 8659)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from portal.dns.seen import Look, Source
from portal.dns.suffixes import ancestors

_RECORD = re.compile(r'(?P<flags>\d+) (?P<tag>[A-Za-z0-9]+) "(?P<value>.*)"', re.DOTALL)
_KNOWN = frozenset(("issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"))
CRITICAL = 128


@dataclass(frozen=True)
class Policy:
    """The nearest CAA records at or above a name. `allowed` None: they restrict nothing."""

    at: str
    source: Source
    values: tuple[str, ...]
    allowed: tuple[str, ...] | None

    def has_permission(self, authorities: Sequence[str]) -> bool:
        return self.allowed is None or any(each.lower().rstrip(".") in self.allowed for each in authorities)


def policy(look: Look, name: str) -> Policy | None:
    """None where there are no records, or none could be asked for."""
    is_wildcard = name.startswith("*.")
    for level in ancestors(name.removeprefix("*.")):
        for source in (*look.authoritative, *look.resolvers):
            answer = source.told(level, "CAA")
            if answer is not None and answer.records:
                return Policy(level, source, answer.values, _allowed(answer.values, is_wildcard=is_wildcard))
            if answer is not None and not answer.chain:
                break  # the nearest server's word for "nothing here" is enough for this level
    return None


def _allowed(values: Sequence[str], *, is_wildcard: bool) -> tuple[str, ...] | None:
    found: dict[str, list[str]] = {}
    for value in values:
        match = _RECORD.fullmatch(value)
        if match is None:
            continue
        tag = match["tag"].lower()
        if int(match["flags"]) & CRITICAL and tag not in _KNOWN:
            return ()
        issuer = match["value"].split(";", 1)[0].strip().lower().rstrip(".")
        found.setdefault(tag, []).append(issuer)
    relevant = found.get("issuewild") if is_wildcard and "issuewild" in found else found.get("issue")
    return None if relevant is None else tuple(sorted({issuer for issuer in relevant if issuer}))
