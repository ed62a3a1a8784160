"""A domain as a person types or pastes it, cleaned with a word or refused with why."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import idna

from portal.dns.suffixes import is_below, is_public_suffix, label_of, registrable
from portal.dns.texts import Text, text

LONGEST_INPUT = 2_000
LONGEST_NAME = 253
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_AROUND = " \t\r\n\"'`<>()[]{},;«»„“”‘’"
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//+|^https?:", re.IGNORECASE)
_DOTS = re.compile("[\u3002\uff0e\uff61]")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ALPHABETS = ("LATIN", "CYRILLIC", "GREEK")
# Names that lead nowhere in the public DNS. Those reserved for examples and tests are left in: they do no harm.
_NOT_PUBLIC = frozenset(
    "alt arpa corp home internal intranet invalid lan local localdomain localhost onion private".split()  # noqa: SIM905  # one line
)


class NotADomain(ValueError):  # reads as what is wrong
    """`.why` is a text for the person who typed it."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.english)
        self.why = why


@dataclass(frozen=True)
class DomainName:
    ascii: str
    shown: str
    registrable: str
    notes: tuple[Text, ...] = ()

    @property
    def is_idn(self) -> bool:
        """Then the ASCII form belongs beside the shown one: look-alike letters are not refused."""
        return self.ascii != self.shown

    @property
    def is_wildcard(self) -> bool:
        return self.ascii.startswith("*.")

    @property
    def is_apex(self) -> bool:
        return self.ascii == self.registrable

    @property
    def label(self) -> str:
        return label_of(self.ascii, self.registrable)

    @property
    def twin(self) -> str | None:
        """The other of the pair example.com and www.example.com; None for any other name."""
        if self.is_apex:
            return f"www.{self.ascii}" if len(self.ascii) + 4 <= LONGEST_NAME else None
        return self.registrable if self.label == "www" else None


def read(
    typed: str,
    *,
    platform_hosts: Iterable[str] = (),
    portal_hosts: Iterable[str] = (),
    allow_wildcard: bool = True,
) -> DomainName:
    """Raises NotADomain. `platform_hosts` and `portal_hosts`, and all below them, are nobody's to attach."""
    if len(typed) > LONGEST_INPUT:
        raise NotADomain(text("name_too_long"))
    name, notes = _clean(typed)
    _require_no_address(name)
    is_wildcard = name.startswith("*.")
    base = _ascii(name.removeprefix("*."), name)
    if is_wildcard and not allow_wildcard:
        raise NotADomain(text("name_wildcard"))
    _require_attachable(base, platform_hosts, portal_hosts)
    shown = _shown(base)
    if shown != base:
        notes.append(text("cleaned_idn", ascii=base))
        notes += [text("mixed_alphabets", label=label) for label in shown.split(".") if _is_mixed(label)]
    star = "*." if is_wildcard else ""
    if len(star + base) > LONGEST_NAME:
        raise NotADomain(text("name_too_long"))
    return DomainName(star + base, star + shown, registrable(base) or base, tuple(notes))


def _clean(typed: str) -> tuple[str, list[Text]]:
    """Without everything around a name that comes along when an address is pasted."""
    notes = []
    name = typed.translate(_INVISIBLE).strip().strip(_AROUND)
    bare = _SCHEME.sub("", name)
    if bare != name:
        notes.append(text("cleaned_scheme"))
    host = re.split(r"[/?#\\]", bare, maxsplit=1)[0]
    if host.strip() != bare.rstrip("/").strip():
        notes.append(text("cleaned_path"))
    if "@" in host:
        host = host.rsplit("@", 1)[1]
        notes.append(text("cleaned_user"))
    without_port = re.sub(r":\s*[0-9]*$", "", host) if host.count(":") == 1 else host
    if without_port != host:
        notes.append(text("cleaned_port"))
    dotted = re.sub(r"\s*\.\s*", ".", _DOTS.sub(".", without_port.strip().strip(_AROUND)))
    trimmed = dotted.strip(".")
    if dotted.endswith(".") and trimmed:
        notes.append(text("cleaned_dot"))
    if not trimmed:
        raise NotADomain(text("name_empty"))
    if re.search(r"\s", trimmed):
        raise NotADomain(text("name_space"))
    return trimmed.lower(), notes


def _require_no_address(name: str) -> None:
    """Neither 192.0.2.1 nor what some programs take for it: 127.1, 0x7f.1, 2130706433."""
    try:
        ipaddress.ip_address(re.split(r"[]%]", name.lstrip("["), maxsplit=1)[0])
    except ValueError:
        if not (_NUMBER.fullmatch(name.rsplit(".", 1)[-1])):
            return
    raise NotADomain(text("name_is_address"))


def _ascii(name: str, whole: str) -> str:
    if "_" in name:
        raise NotADomain(text("name_underscore"))
    if "*" in name:
        raise NotADomain(text("name_star"))
    if ".." in name:
        raise NotADomain(text("name_double_dot"))
    try:
        encoded = idna.encode(name, uts46=True, std3_rules=True).decode("ascii").lower().strip(".")
    except (idna.IDNAError, UnicodeError) as error:
        raise NotADomain(_why_not(name)) from error
    if not all(_LABEL.fullmatch(label) for label in encoded.split(".")) or len(encoded) > LONGEST_NAME:
        raise NotADomain(text("name_letters", name=whole[:80]))
    _require_no_address(encoded)
    return encoded


def _why_not(name: str) -> Text:
    labels = name.split(".")
    if len(name) > LONGEST_NAME or any(len(label) > 63 for label in labels):
        return text("name_too_long")
    if any(label.startswith("-") or label.endswith("-") for label in labels):
        return text("name_hyphen")
    return text("name_letters", name=name[:80])


def _require_attachable(name: str, platform_hosts: Iterable[str], portal_hosts: Iterable[str]) -> None:
    last = name.rsplit(".", 1)[-1]
    if "." not in name:
        raise NotADomain(text("name_single_label", name=name))
    if last in _NOT_PUBLIC:
        raise NotADomain(text("name_not_public", last=last))
    if any(is_below(name, _host(host)) for host in platform_hosts):
        raise NotADomain(text("name_platforms"))
    if any(is_below(name, _host(host)) for host in portal_hosts):
        raise NotADomain(text("name_portals"))
    if is_public_suffix(name):
        raise NotADomain(text("name_public_suffix", name=name))


def _host(host: str) -> str:
    return host.strip().strip(".").lower()


def _shown(name: str) -> str:
    """With the letters people read; a label that can't be read back stays as it is."""
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError) as error:
        raise NotADomain(text("name_letters", name=name[:80])) from error


def _is_mixed(label: str) -> bool:
    names = [unicodedata.name(letter, "") for letter in label]
    return sum(any(name.startswith(alphabet) for name in names) for alphabet in _ALPHABETS) > 1
