"""Records out of a sentence, where the platform tells them in no other way. The sentence itself is never shown."""

from __future__ import annotations

import re

from portal.dns import addresses
from portal.dns.suffixes import is_below, registrable

LONGEST_SENTENCE = 5_000
_TYPE = re.compile(r"(?<![\w.-])(CNAME|ALIAS|ANAME|AAAA|TXT|A)(?![\w-]|\.\w)")
_WORD = re.compile(r"[^\s,;|()<>\[\]{}\"'`“”„‘’=→]+")
_QUOTED = re.compile(r"[\"“`']([^\"”`']+)[\"”`']")
_HOST = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*", re.IGNORECASE)
_LABEL = re.compile(r"@|_[a-z0-9_.-]+", re.IGNORECASE)


def rows(sentence: str, domain: str) -> list[dict[str, str]]:
    """“Create CNAME app → acme.host.example” and its like; nothing where no value can be made out."""
    text = sentence[:LONGEST_SENTENCE]
    types = list(_TYPE.finditer(text))
    found: list[dict[str, str]] = []
    for number, match in enumerate(types, 1):
        end = types[number].start() if number < len(types) else len(text)
        found += _row(match[1], text[match.end() : end], domain)
    return found


def _row(kind: str, told: str, domain: str) -> list[dict[str, str]]:
    words = [word.rstrip(".:") for word in _WORD.findall(told)]
    if kind == "TXT":
        return _text_row(told, words)
    if kind in ("A", "AAAA"):
        version = 4 if kind == "A" else 6
        values = [word for word in words if (found := addresses.read(word)) and found.version == version]
    else:
        top = registrable(domain) or domain
        values = [word for word in words if _HOST.fullmatch(word) and not is_below(word.lower(), top)][:1]
    name = "@" if "@" in words else domain
    return [{"type": kind, "name": name, "value": value} for value in values]


def _text_row(told: str, words: list[str]) -> list[dict[str, str]]:
    name = next((word for word in words if _LABEL.match(word)), "")
    quoted = _QUOTED.findall(told)
    rest = [word for word in words[words.index(name) + 1 :] if len(word) > 7] if name else []
    value = quoted[-1] if quoted else rest[0] if rest else None
    return [{"type": "TXT", "name": name, "value": value}] if value else []
