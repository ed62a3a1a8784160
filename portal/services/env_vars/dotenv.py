"""A pasted `.env` into lines. Values leave this module only in `Line.value`, whose repr hides them.

What stands before a `=` may be a piece of a secret that was pasted without quotes, so only what looks like a name is
ever shown as one;
anything else is "line 3".
"""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from dotenv.parser import Binding, parse_stream

LONGEST_NAME = 128
LONGEST_VALUE = 32_768
LONGEST_PASTE = 500_000
MOST_LINES = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ALMOST_A_NAME = re.compile(r"[A-Z0-9][A-Z0-9_.-]{0,39}|[a-z][a-z_.-]{0,23}")
# A run of letters and digits that no separator interrupts is a piece of something rather than a name.
_LONGEST_WORD = 20
_PIECE = re.compile(r"[A-Za-z0-9+/_-]{12,}={1,2}")
_PUBLIC = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "EXPO_PUBLIC_", "GATSBY_", "NUXT_PUBLIC_")
_QUOTES = ("'", '"')
_KEY_BEGINS = re.compile(r"\s*(?:(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*)?-----BEGIN ")
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]+-----")


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment. `problem` stops it (empty: none); `notices` are about the value and do not.

    `name` is empty for what does not look like one. `times`: how often the name comes. `size` is the value's length in
    bytes.
    """

    name: str
    value: str = field(repr=False)
    number: int
    problem: str = ""
    notices: tuple[str, ...] = ()
    times: int = 1

    @property
    def key(self) -> str:
        """What tells it from the other lines; for one without a name something that no name can be."""
        return self.name or f"line {self.number}"

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
    """Every assignment of a pasted file, in order; of a name that comes twice the last one counts and says so."""
    lines: list[Line] = []
    unread: list[int] = []
    rows = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for first, block in _blocks(rows):
        if _KEY_BEGINS.match(block[0]):
            line = _key_in_lines(first, block)
            lines += [line] if line else []
            unread += [] if line else range(first, first + len(block))
            continue
        for binding in parse_stream(io.StringIO("\n".join(block))):
            number = first + binding.original.line - 1
            if binding.key is None and not binding.error:
                continue
            if binding.error or binding.value is None or _is_piece(binding):
                unread.append(number)
            else:
                lines.append(_line(binding, number))
    return Parsed(tuple(without_doubles(lines)), tuple(sorted(unread)))


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
    return checked(name.strip(), clean, 1, notices)


def checked(name: str, value: str, number: int, notices: Iterable[str] = ()) -> Line:
    """A line under this name, with what is wrong with it."""
    if not looks_like_name(name):
        told = _(
            "What stands before the = does not look like a name, so it is not shown. Give it a name, or leave it out."
        )
        return Line("", value, number, told, tuple(notices))
    return Line(name, value, number, problem(name, value), tuple(notices))


def looks_like_name(text: str) -> bool:
    """Whether it may be shown: nothing that could be a piece of a secret."""
    if not text:
        return False
    if not ((_NAME.fullmatch(text) and len(text) <= LONGEST_NAME) or _ALMOST_A_NAME.fullmatch(text)):
        return False
    long_words = [word for word in re.split(r"[_.-]", text) if len(word) > _LONGEST_WORD]
    return all(word.isalpha() and (word.isupper() or word.islower()) for word in long_words)


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
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return _("The value holds a character that can't be stored.")
    return ""


def without_doubles(lines: Iterable[Line]) -> list[Line]:
    kept: dict[str, Line] = {}
    for line in lines:
        former = kept.pop(line.key, None)
        kept[line.key] = replace(line, times=former.times + 1) if former else line
    return list(kept.values())


def about_name(name: str, times: int) -> tuple[str, ...]:
    """What is to be said of a name whatever its value is."""
    told = []
    if times > 1:
        told.append(_("This name comes %(count)s times; the last one counts.") % {"count": times})
    if name.startswith(_PUBLIC):
        told.append(_("Names that begin like this are built into pages that every visitor can read."))
    return tuple(told)


def _blocks(rows: list[str]) -> Iterator[tuple[int, list[str]]]:
    """(number of its first row, rows): a private key that was pasted in several lines is one block, what stands between
    is another.
    """
    at = begin = 0
    while at < len(rows):
        if not _KEY_BEGINS.match(rows[at]):
            at += 1
            continue
        if begin < at:
            yield begin + 1, rows[begin:at]
        end = _end_of_key(rows, at)
        yield at + 1, rows[at : end + 1]
        at = begin = end + 1
    if begin < at:
        yield begin + 1, rows[begin:at]


def _end_of_key(rows: list[str], at: int) -> int:
    """The row of its END, or of that of the last certificate of a chain; the last of all rows if there is none."""
    end = next((row for row in range(at, len(rows)) if _KEY_ENDS.search(rows[row])), len(rows) - 1)
    following = rows[end + 1 : end + 2]
    return _end_of_key(rows, end + 1) if following and following[0].lstrip().startswith("-----BEGIN ") else end


def _key_in_lines(number: int, rows: list[str]) -> Line | None:
    """A key whose lines were pasted without quotes around them; None if no name stands before it."""
    name, equals, first = rows[0].partition("=")
    if not equals or name.lstrip().startswith("-"):
        return None
    value = "\n".join([first.strip(), *(row.strip() for row in rows[1:])]).strip()
    line = checked(name.strip().removeprefix("export").strip(), value, number)
    if not _KEY_ENDS.search(value):
        return replace(line, problem=_("The last line of this key is missing, so nobody can tell where it ends."))
    return replace(line, notices=(_("A key in several lines, taken as a whole."),) if len(rows) > 1 else ())


def _is_piece(binding: Binding) -> bool:
    """The end of something in base 64 that was pasted without quotes: what looks like its name is none."""
    key, value = binding.key or "", binding.value or ""
    if value == "" and key not in (key.upper(), key.lower()):
        return True
    written = binding.original.string.strip()
    # Whoever put quotes around it meant it.
    return (value == "=" and written.endswith("==")) or bool(_PIECE.fullmatch(written))


def _line(binding: Binding, number: int) -> Line:
    notices = []
    written = binding.original.string.partition("=")[2].strip()
    if written[:1] in _QUOTES and written[:1]:
        notices.append(_("The quotes around it were left out."))
    elif re.search(r"\s#", written):
        notices.append(
            _("What follows the # was taken for a comment. Put quotes around the value if it belongs to it.")
        )
    return checked(binding.key or "", binding.value or "", number, notices)
