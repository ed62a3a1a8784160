"""Records read out of the platform's instruction sentence, for a platform that returns them in no other form.

The sentence itself is never shown.
"""

from __future__ import annotations

import re

from portal.dns import addresses
from portal.dns.suffixes import find_registrable, is_within

MAX_LENGTH = 5_000
_TYPE = re.compile(r"(?<![\w.-])(CNAME|ALIAS|ANAME|AAAA|TXT|A)(?![\w-]|\.\w)")
_WORD = re.compile(r"[^\s,;|()<>\[\]{}\"'`“”„‘’=→]+")
_QUOTED = re.compile(r"[\"“`']([^\"”`']+)[\"”`']")
_HOST = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*", re.IGNORECASE)
_LABEL = re.compile(r"@|_[a-z0-9_.-]+", re.IGNORECASE)
_MIN_TOKEN_LENGTH = 8


def extract_rows(sentence: str, domain: str) -> list[dict[str, str]]:
    """Rows of type, name and value from “Create CNAME app → acme.host.example” and similar sentences."""
    text = sentence[:MAX_LENGTH]
    matches = list(_TYPE.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)]
    rows: list[dict[str, str]] = []
    for match, end in zip(matches, ends, strict=False):
        rows += _extract(match[1], text[match.end() : end], domain)
    return rows


def _extract(record_type: str, text: str, domain: str) -> list[dict[str, str]]:
    words = [word.rstrip(".:") for word in _WORD.findall(text)]
    if record_type == "TXT":
        return _extract_txt(text, words)
    if record_type in ("A", "AAAA"):
        version = 4 if record_type == "A" else 6
        parsed = [(word, addresses.parse_address(word)) for word in words]
        values = [word for word, address in parsed if address and address.version == version]
    else:
        zone = find_registrable(domain) or domain
        values = [word for word in words if _HOST.fullmatch(word) and not is_within(word.lower(), zone)][:1]
    name = "@" if "@" in words else domain
    return [{"type": record_type, "name": name, "value": value} for value in values]


def _extract_txt(text: str, words: list[str]) -> list[dict[str, str]]:
    """The value is the last quoted text, else the first word after the name that is long enough for a token."""
    name = next((word for word in words if _LABEL.match(word)), "")
    following = words[words.index(name) + 1 :] if name else []
    values = _QUOTED.findall(text)[-1:] or [word for word in following if len(word) >= _MIN_TOKEN_LENGTH][:1]
    return [{"type": "TXT", "name": name, "value": value} for value in values]
