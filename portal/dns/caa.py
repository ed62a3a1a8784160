"""Whether CAA records allow a certificate authority to issue a certificate for a name (RFC 8659)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from portal.dns.lookup import Lookup, ServerAnswers
from portal.dns.suffixes import list_levels

_RECORD = re.compile(r'(?P<flags>\d+) (?P<tag>[A-Za-z0-9]+) "(?P<value>.*)"', re.DOTALL)
_KNOWN_TAGS = frozenset(("issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"))
CRITICAL = 128


@dataclass(frozen=True)
class CaaPolicy:
    """The CAA records that apply to a name, found at `name`. `allowed` None means that they restrict nothing."""

    name: str
    server: ServerAnswers
    values: tuple[str, ...]
    allowed: tuple[str, ...] | None

    def allows_any(self, issuers: Sequence[str]) -> bool:
        return self.allowed is None or any(issuer.lower().rstrip(".") in self.allowed for issuer in issuers)


def find_policy(lookup: Lookup, name: str) -> CaaPolicy | None:
    """The CAA records at the name or at its closest parent that has any. None where no server answered with one."""
    is_wildcard = name.startswith("*.")
    for level in list_levels(name.removeprefix("*.")):
        for server in (*lookup.authoritative, *lookup.resolvers):
            answer = server.find_answered(level, "CAA")
            if answer is not None and answer.records:
                return CaaPolicy(level, server, answer.values, _list_issuers(answer.values, is_wildcard=is_wildcard))
            if answer is not None and not answer.chain:
                break  # one authoritative "no such record" is enough for this level
    return None


def _list_issuers(values: Sequence[str], *, is_wildcard: bool) -> tuple[str, ...] | None:
    issuers: dict[str, list[str]] = {}
    for value in values:
        match = _RECORD.fullmatch(value)
        if match is None:
            continue
        tag = match["tag"].lower()
        if int(match["flags"]) & CRITICAL and tag not in _KNOWN_TAGS:
            return ()
        issuer = match["value"].split(";", 1)[0].strip().lower().rstrip(".")
        issuers.setdefault(tag, []).append(issuer)
    relevant = issuers.get("issuewild") if is_wildcard and "issuewild" in issuers else issuers.get("issue")
    return None if relevant is None else tuple(sorted({issuer for issuer in relevant if issuer}))
