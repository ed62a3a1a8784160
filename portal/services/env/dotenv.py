"""A pasted `.env` into lines. Values leave this module only in `Line.value`, whose repr hides them."""

import io
import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from dotenv.parser import parse_stream

LONGEST_NAME = 128
LONGEST_VALUE = 32_768
MOST_LINES = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PUBLIC = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "EXPO_PUBLIC_", "GATSBY_", "NUXT_PUBLIC_")
_QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment. `problem` stops it (empty: none); `notices` do not. `size` is the value's length in bytes."""

    name: str
    value: str = field(repr=False)
    number: int
    problem: str = ""
    notices: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.value.encode("utf-8", "surrogatepass"))

    @property
    def keeps(self) -> bool:
        """An empty value means: leave it as it is."""
        return not self.value


@dataclass(frozen=True, slots=True)
class Parsed:
    """`unread` are the numbers of the lines that are no assignment."""

    lines: tuple[Line, ...]
    unread: tuple[int, ...]


def parse(text: str) -> Parsed:
    """Every assignment of a pasted file, in order; of a name that comes twice the last one counts and all say so."""
    lines: list[Line] = []
    unread: list[int] = []
    for binding in parse_stream(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))):
        number = binding.original.line
        if binding.error:
            unread.append(number)
        elif binding.key is not None:
            lines.append(_line(binding.key, binding.value or "", number, raw=binding.original.string))
    return Parsed(tuple(_with_doubles(lines)), tuple(unread))


def one(name: str, value: str) -> Line:
    """One name and value, typed into two fields: the value is taken as it is, but for what is told."""
    notices = []
    clean = value.replace("\r\n", "\n")
    if clean.endswith("\n"):
        clean = clean.rstrip("\n")
        notices.append(_("The line break at its end was left out."))
    if len(clean) > 1 and clean[0] == clean[-1] and clean[0] in _QUOTES:
        notices.append(_("The quotes around it become part of the value."))
    elif clean != clean.strip():
        notices.append(_("It begins or ends with a space, which becomes part of the value."))
    return Line(name.strip(), clean, 1, problem(name.strip(), clean), (*notices, *_public(name)))


def problem(name: str, value: str) -> str:
    """Why a name can't be set, or nothing."""
    if not name:
        return _("It has no name.")
    if len(name) > LONGEST_NAME:
        return _("The name is longer than %(most)s characters.") % {"most": LONGEST_NAME}
    if not _NAME.fullmatch(name):
        return _("A name has letters, digits and underscores only, and begins with no digit.")
    if len(value.encode("utf-8", "surrogatepass")) > LONGEST_VALUE:
        return _("The value is longer than %(most)s bytes.") % {"most": LONGEST_VALUE}
    if "\x00" in value:
        return _("The value holds a character that can't be stored.")
    return ""


def _line(name: str, value: str, number: int, *, raw: str) -> Line:
    notices = []
    written = raw.partition("=")[2].strip()
    if written[:1] in _QUOTES and written[:1]:
        notices.append(_("The quotes around it were left out."))
    return Line(name, value, number, problem(name, value), (*notices, *_public(name)))


def _with_doubles(lines: list[Line]) -> list[Line]:
    last = {line.name: index for index, line in enumerate(lines)}
    counts = {line.name: sum(other.name == line.name for other in lines) for line in lines}
    kept = []
    for index, line in enumerate(lines):
        if last[line.name] != index:
            continue
        if counts[line.name] > 1:
            notice = _("This name comes %(count)s times; the last one counts.") % {"count": counts[line.name]}
            line = Line(line.name, line.value, line.number, line.problem, (*line.notices, notice))
        kept.append(line)
    return kept


def _public(name: str) -> tuple[str, ...]:
    if name.strip().startswith(_PUBLIC):
        return (_("Names that begin like this are built into pages that every visitor can read."),)
    return ()
