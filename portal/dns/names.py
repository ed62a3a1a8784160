"""Domain names as people type or paste them: cleaned, or refused with the reason."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from portal.dns import idn
from portal.dns.messages import Message, MessageCode
from portal.dns.suffixes import find_registrable, is_public_suffix, is_within, relative_name

MAX_INPUT_LENGTH = 2_000
MAX_NAME_LENGTH = 253
MAX_LABEL_LENGTH = 63
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2067\u2068\u2069\ufeff"))
_FULLWIDTH = str.maketrans("：／＠？＃", ":/@?#")
_SURROUNDING = " \t\r\n\"'`<>()[]{},;«»„“”‘’"
# Also mistyped (https//, http;//), and pasted behind another one.
_SCHEME = re.compile(r"^(?:(?:[a-z][a-z0-9+.-]*:)?[/\\]{2,}|https?:[/\\]*|https?;?[/\\]+|mailto:)+", re.IGNORECASE)
_DOTS = re.compile("[\u3002\uff0e\uff61]")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# Browsers accept such a label; Let's Encrypt, for one, issues no certificate for it (R-LDH labels, RFC 5890, 2.3.1).
_RESERVED_HYPHENS = re.compile(r"(?!xn)..--")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")
# Top-level domains that don't exist in the public DNS. Those reserved for examples and tests (RFC 2606) are allowed.
_NOT_PUBLIC = frozenset(
    ("alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost",
     "onion", "private")
)  # fmt: skip


class InvalidDomain(ValueError):
    """What a person typed is not a domain that can be added. `message` says why."""

    def __init__(self, code: MessageCode, **values: str) -> None:
        super().__init__(code)
        self.message = Message.build(code, **values)


@dataclass(frozen=True)
class DomainName:
    """`ascii` is the name as in DNS, `shown` with the characters people read. `notes` say what was changed in it."""

    ascii: str
    shown: str
    registrable: str
    notes: tuple[Message, ...] = ()

    @property
    def is_apex(self) -> bool:
        return self.ascii == self.registrable

    @property
    def label(self) -> str:
        return relative_name(self.ascii, self.registrable)

    @property
    def twin(self) -> str | None:
        """The other one of example.com and www.example.com. None for any other name."""
        if self.is_apex:
            return f"www.{self.ascii}" if len(self.ascii) + 4 <= MAX_NAME_LENGTH else None
        return self.registrable if self.label == "www" else None


def parse_domain(
    typed: str,
    *,
    platform_hosts: Iterable[str] = (),
    portal_hosts: Iterable[str] = (),
    allow_wildcard: bool = True,
) -> DomainName:
    """Raises InvalidDomain, also for `platform_hosts`, `portal_hosts` and their subdomains."""
    if len(typed) > MAX_INPUT_LENGTH:
        raise InvalidDomain(MessageCode.NAME_TOO_LONG)
    name, notes = _clean(typed)
    _require_no_address(name)
    star = "*." if name.startswith("*.") else ""
    base = _encode(name.removeprefix("*."))
    if star and not allow_wildcard:
        raise InvalidDomain(MessageCode.NAME_WILDCARD)
    _require_attachable(base, platform_hosts, portal_hosts)
    shown = _decode(base)
    if any(_RESERVED_HYPHENS.match(label) for label in base.split(".")):
        notes.append(Message(MessageCode.RESERVED_HYPHENS))
    if shown != base:
        notes.append(Message.build(MessageCode.CLEANED_IDN, ascii=base))
        mixed = (label for label in shown.split(".") if _mixes_scripts(label))
        notes += [Message.build(MessageCode.MIXED_SCRIPTS, label=label) for label in mixed]
    if len(star + base) > MAX_NAME_LENGTH:
        raise InvalidDomain(MessageCode.NAME_TOO_LONG)
    return DomainName(star + base, star + shown, find_registrable(base) or base, tuple(notes))


def _clean(typed: str) -> tuple[str, list[Message]]:
    """Remove what surrounds the name in a pasted URL, mail address or sentence."""
    codes = []
    text = typed.translate(_INVISIBLE).translate(_FULLWIDTH).strip().strip(_SURROUNDING)
    rest = _SCHEME.sub("", text)
    if rest != text:
        codes.append(MessageCode.CLEANED_SCHEME)
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    if authority.strip() != rest.rstrip("/").strip():
        codes.append(MessageCode.CLEANED_PATH)
    if "@" in authority:
        authority = authority.rsplit("@", 1)[1]
        codes.append(MessageCode.CLEANED_USER)
    host = re.sub(r":\s*[0-9]*$", "", authority) if authority.count(":") == 1 else authority
    if host != authority:
        codes.append(MessageCode.CLEANED_PORT)
    host = unquote(host) if "%" in host else host
    dotted = re.sub(r"\s*\.\s*", ".", _DOTS.sub(".", host.strip().strip(_SURROUNDING)))
    name = dotted.strip(".")
    if not name:
        raise InvalidDomain(MessageCode.NAME_EMPTY)
    if dotted.endswith("."):
        codes.append(MessageCode.CLEANED_DOT)
    if re.search(r"\s", name):
        raise InvalidDomain(MessageCode.NAME_SPACE)
    return name, [Message(code) for code in codes]


def _require_no_address(name: str) -> None:
    """Refuse 192.0.2.1, and what some programs read as an address: 127.1, 0x7f.1, 2130706433."""
    try:
        ipaddress.ip_address(re.split(r"[]%]", name.lstrip("["), maxsplit=1)[0])
    except ValueError:
        if not _NUMBER.fullmatch(name.rsplit(".", 1)[-1].lower()):
            return
    raise InvalidDomain(MessageCode.NAME_IS_ADDRESS)


def _encode(name: str) -> str:
    """In ASCII, as in DNS.

    Underscores are refused although browsers accept them: no certificate can have one (CA/Browser Forum, ballot SC12).
    """
    forbidden = {
        "_": MessageCode.NAME_UNDERSCORE,
        "*": MessageCode.NAME_STAR_POSITION,
        "..": MessageCode.NAME_EMPTY_LABEL,
    }
    for characters, code in forbidden.items():
        if characters in name:
            raise InvalidDomain(code)
    try:
        encoded = idn.encode(name)
    except ValueError as error:
        raise _explain_refusal(name) from error
    if not all(_LABEL.fullmatch(label) for label in encoded.split(".")) or len(encoded) > MAX_NAME_LENGTH:
        raise _explain_refusal(encoded)
    _require_no_address(encoded)
    return encoded


def _explain_refusal(name: str) -> InvalidDomain:
    labels = name.split(".")
    if len(name) > MAX_NAME_LENGTH or any(len(label) > MAX_LABEL_LENGTH for label in labels):
        return InvalidDomain(MessageCode.NAME_TOO_LONG)
    if any(label.startswith("-") or label.endswith("-") for label in labels):
        return InvalidDomain(MessageCode.NAME_HYPHEN)
    return InvalidDomain(MessageCode.NAME_INVALID, name=name[:80])


def _require_attachable(name: str, platform_hosts: Iterable[str], portal_hosts: Iterable[str]) -> None:
    suffix = name.rsplit(".", 1)[-1]
    if "." not in name:
        raise InvalidDomain(MessageCode.NAME_SINGLE_LABEL, name=name)
    if suffix in _NOT_PUBLIC:
        raise InvalidDomain(MessageCode.NAME_NOT_PUBLIC, suffix=suffix)
    if any(is_within(name, _normalize(host)) for host in platform_hosts):
        raise InvalidDomain(MessageCode.NAME_OF_PLATFORM)
    if any(is_within(name, _normalize(host)) for host in portal_hosts):
        raise InvalidDomain(MessageCode.NAME_OF_PORTAL)
    if is_public_suffix(name):
        raise InvalidDomain(MessageCode.NAME_PUBLIC_SUFFIX, name=name)


def _normalize(host: str) -> str:
    return host.strip().strip(".").lower()


def _decode(name: str) -> str:
    """With the characters that people read."""
    try:
        return idn.decode(name)
    except ValueError as error:
        raise InvalidDomain(MessageCode.NAME_INVALID, name=name[:80]) from error


def _mixes_scripts(label: str) -> bool:
    """Whether look-alike characters of several scripts may be mixed, such as a Cyrillic "a" in a Latin word."""
    names = [unicodedata.name(character, "") for character in label]
    return sum(any(name.startswith(script) for name in names) for script in _SCRIPTS) > 1
