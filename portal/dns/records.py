"""The DNS records that a domain needs, from every form in which the platform returns them (contract 8.8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.dns import addresses, idn
from portal.dns.instructions import extract_rows
from portal.dns.suffixes import find_registrable, is_within, relative_name

DEFAULT_TTL = 300
MAX_TTL = 2**31 - 1
MAX_RECORDS = 10
MAX_VALUE_LENGTH = 4_096
_ALIASES = frozenset(("ALIAS", "ANAME", "CNAME"))
_WITH_HOST = _ALIASES | {"NS"}
_WITH_ADDRESS = {"A": 4, "AAAA": 6}
_WITH_TEXT = frozenset(("CAA", "MX", "SRV", "TXT"))
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_*]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_*]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")


@dataclass(frozen=True)
class RequiredRecord:
    """A record to set. `name` is fully qualified, lower-case, ASCII, without the final dot. `ttl` is in seconds."""

    type: str
    name: str
    value: str
    ttl: int = DEFAULT_TTL

    @property
    def is_alias(self) -> bool:
        return self.type in _ALIASES

    def get_label(self, zone: str | None = None) -> str:
        """The name as a DNS provider's form wants it. Without a zone, that of the registrable domain."""
        if zone is None or not is_within(self.name, zone):
            zone = find_registrable(self.name) or self.name
        return relative_name(self.name, zone)

    def is_at_apex(self, zone: str | None = None) -> bool:
        """Whether it is at the apex of the zone, where a CNAME is impossible (RFC 1034, 3.6.2)."""
        return self.name == (zone or find_registrable(self.name))


def parse_required_records(
    domain: str,
    *,
    dns_records: Iterable[object] = (),
    dns_instructions: object = None,
    instructions: object = None,
    verification_target: str | None = None,
) -> tuple[RequiredRecord, ...]:
    """The records from the first form that holds any. Rows are mappings, or objects with type, name, value and ttl.

    Rows that can't be read, or that lie outside the registrable domain of `domain`, are left out.
    """
    domain = domain.strip().rstrip(".").lower()
    forms: list[list[Any]] = [_list_rows(form) for form in (dns_records, dns_instructions, instructions)]
    forms.append([{"type": "CNAME", "value": verification_target}] if verification_target else [])
    sentences = [each for each in (instructions, dns_instructions) if isinstance(each, str)]
    forms += [extract_rows(sentence, domain) for sentence in sentences]
    for rows in forms:
        parsed = (_parse_row(row, domain) for row in rows)
        if found := tuple(dict.fromkeys(record for record in parsed if record is not None)):
            return found[:MAX_RECORDS]
    return ()


def _list_rows(form: object) -> list[object]:
    if isinstance(form, Mapping):
        inner = form.get("records")
        return list(inner) if isinstance(inner, list | tuple) else [form]
    if isinstance(form, list | tuple):
        return list(form)
    return [form] if hasattr(form, "value") else []


def _parse_row(row: object, domain: str) -> RequiredRecord | None:
    record_type = str(_get_field(row, "type") or "").strip().upper()
    value = _parse_value(record_type, _get_field(row, "value") or _get_field(row, "target"))
    name = _parse_name(record_type, _get_field(row, "name") or _get_field(row, "host"), domain)
    if value is None or name is None:
        return None
    ttl = _get_field(row, "ttl")
    is_valid_ttl = isinstance(ttl, int) and not isinstance(ttl, bool) and 0 < ttl <= MAX_TTL
    return RequiredRecord(record_type, name, value, ttl if is_valid_ttl else DEFAULT_TTL)


def _get_field(row: object, key: str) -> Any:
    return row.get(key) if isinstance(row, Mapping) else getattr(row, key, None)


def _parse_value(record_type: str, value: object) -> str | None:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_VALUE_LENGTH:
        return None
    value = value.strip()
    if version := _WITH_ADDRESS.get(record_type):
        address = addresses.parse_address(value)
        is_valid = address is not None and address.version == version and "%" not in value
        return str(address) if is_valid else None
    if record_type in _WITH_HOST:
        return normalize_host(value)
    if record_type == "TXT" and len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return value if record_type in _WITH_TEXT and value.isprintable() else None


def normalize_host(value: str) -> str | None:
    """A host name in lower-case ASCII without the final dot, as in DNS answers. None if it is not a host name."""
    host = value.strip().rstrip(".").lower()
    if not host.isascii():
        try:
            host = idn.encode(host)
        except ValueError:
            return None
    return host if _HOST.fullmatch(host) else None


def _parse_name(record_type: str, name: object, domain: str) -> str | None:
    """Platforms send fully qualified names, names relative to the zone, @, or no name for the domain itself."""
    zone = find_registrable(domain.removeprefix("*.")) or domain
    if name is None or name == "":
        return domain
    if not isinstance(name, str):
        return None
    name = name.strip().lower()
    if name == "@":
        return zone
    qualified = _qualify(record_type, name, domain, zone)
    return qualified if is_within(qualified, zone) and _NAME.fullmatch(qualified) else None


def _qualify(record_type: str, name: str, domain: str, zone: str) -> str:
    if name.endswith("."):
        return name.rstrip(".")
    if is_within(name, zone):
        return name
    if record_type in _ALIASES or record_type in _WITH_ADDRESS:
        # "app" for app.shop.example.com: the first label of the domain, not a name below the zone.
        is_part_of_domain = domain.startswith(f"{name}.")
        return domain if is_part_of_domain else f"{name}.{zone}"
    return f"{name}.{zone}"
