"""The records a domain needs, from every shape the platform tells them in, as a DNS host's form wants them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import idna

from portal.dns import addresses, prose
from portal.dns.suffixes import is_below, label_of, registrable

DEFAULT_TTL = 300
MOST_RECORDS = 10
LONGEST_TTL = 2**31 - 1
LONGEST_TEXT = 4_096
_HOSTS = frozenset(("ALIAS", "ANAME", "CNAME", "NS"))
_ABOUT_THE_DOMAIN = frozenset(("A", "AAAA", "ALIAS", "ANAME", "CNAME"))
_OTHERS = frozenset(("CAA", "MX", "SRV", "TXT"))
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_*]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_*]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")


@dataclass(frozen=True)
class Needed:
    """One record to be set. `name` is whole, lower-case, ASCII, without the last dot."""

    type: str
    name: str
    value: str
    ttl: int = DEFAULT_TTL

    def label(self, zone: str | None = None) -> str:
        """For the field Name; before the zone is known the registrable domain is taken for it."""
        return label_of(self.name, zone or registrable(self.name) or self.name)

    @property
    def is_alias(self) -> bool:
        return self.type in ("ALIAS", "ANAME", "CNAME")

    def is_at_top(self, zone: str | None = None) -> bool:
        """Where a CNAME can't stand: hosts offer ALIAS, ANAME or a flattened CNAME instead."""
        return self.name == (zone or registrable(self.name))


def needed(
    domain: str,
    *,
    dns_records: Iterable[object] = (),
    dns_instructions: object = None,
    instructions: object = None,
    verification_target: str | None = None,
) -> tuple[Needed, ...]:
    """The first shape that tells anything wins. Rows are mappings, or objects with type, name, value and ttl.

    What can't be read, and what lies outside the domain somebody attached, is left out.
    """
    domain = domain.strip().rstrip(".").lower()
    for rows in (_rows(dns_records), _rows(dns_instructions), _rows(instructions)):
        if found := _readable(rows, domain):
            return found
    if verification_target and (found := _readable([{"type": "CNAME", "value": verification_target}], domain)):
        return found
    for sentence in (instructions, dns_instructions):
        if isinstance(sentence, str) and (found := _readable(prose.rows(sentence, domain), domain)):
            return found
    return ()


def _rows(told: object) -> list[object]:
    if told is None or isinstance(told, str | bytes | int | float):
        return []
    if isinstance(told, Mapping):
        inner = told.get("records")
        return list(inner) if isinstance(inner, list | tuple) else [told]
    return list(told) if isinstance(told, list | tuple) else [told] if hasattr(told, "value") else []


def _readable(rows: Iterable[object], domain: str) -> tuple[Needed, ...]:
    found = dict.fromkeys(record for row in rows if (record := _read(row, domain)) is not None)
    return tuple(found)[:MOST_RECORDS]


def _read(row: object, domain: str) -> Needed | None:
    kind = str(_part(row, "type") or "").strip().upper()
    value = _value(kind, _part(row, "value") or _part(row, "target"))
    name = _name(kind, _part(row, "name") or _part(row, "host"), domain)
    if value is None or name is None:
        return None
    ttl = _part(row, "ttl")
    sane = isinstance(ttl, int) and not isinstance(ttl, bool) and 0 < ttl <= LONGEST_TTL
    return Needed(kind, name, value, ttl if sane else DEFAULT_TTL)


def _part(row: object, key: str) -> Any:
    return row.get(key) if isinstance(row, Mapping) else getattr(row, key, None)


def _value(kind: str, value: object) -> str | None:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        return None
    value = value.strip()
    if kind in ("A", "AAAA"):
        found = addresses.read(value)
        is_right = found is not None and found.version == (4 if kind == "A" else 6) and "%" not in value
        return str(found) if is_right else None
    if kind in _HOSTS:
        return host(value)
    if kind == "TXT" and len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return value if kind in _OTHERS and value.isprintable() else None


def host(value: str) -> str | None:
    """A host name as DNS answers are compared: lower-case ASCII without the last dot."""
    bare = value.strip().rstrip(".").lower()
    if not bare.isascii():
        try:
            bare = idna.encode(bare, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    return bare if _HOST.fullmatch(bare) else None


def _name(kind: str, told: object, domain: str) -> str | None:
    """Whole names, labels before the zone, @ and nothing at all are all in use."""
    top = registrable(domain.removeprefix("*.")) or domain
    if told is None or told == "":
        return domain
    if not isinstance(told, str):
        return None
    name = told.strip().lower()
    if name == "@":
        return top
    whole = _whole(kind, name, domain, top)
    return whole if is_below(whole, top) and _NAME.fullmatch(whole) else None


def _whole(kind: str, name: str, domain: str, top: str) -> str:
    if name.endswith("."):
        return name.rstrip(".")
    if is_below(name, top):
        return name
    if kind in _ABOUT_THE_DOMAIN and domain.startswith(f"{name}."):
        return domain
    return f"{name}.{top}"
