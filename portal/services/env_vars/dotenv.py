"""Parses a pasted .env file, or one name and value from a form, into lines.

The text before an = can be a part of a secret that was pasted without quotes. So only text that resembles a name is
ever shown; any other line is shown by its number (docs/rules.md, 7). Values leave this module only as `Line.value`.
"""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables
from dotenv.parser import Binding, parse_stream

from portal.services.errors import Invalid

MAX_NAME_LENGTH = 128  # characters
MAX_VALUE_SIZE = 32_768  # bytes in UTF-8
MAX_FILE_LENGTH = 500_000  # characters
MAX_LINES = 200

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ALMOST_A_NAME = re.compile(r"[A-Z0-9][A-Z0-9_.-]{0,39}|[a-z][a-z_.-]{0,23}")
# A longer run of letters and digits without a separator is a part of a secret rather than of a name.
_MAX_WORD_LENGTH = 20
_END_OF_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={1,2}")
_PUBLIC_PREFIXES = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "EXPO_PUBLIC_", "GATSBY_", "NUXT_PUBLIC_")
_QUOTES = ("'", '"')
_KEY_BEGIN = re.compile(r"\s*(?:(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*)?-----BEGIN ")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]+-----")


@dataclass(frozen=True, slots=True)
class TypedValues:
    """The fields of the form: one name and value, or a pasted file. An empty environment means the main one."""

    environment: str = ""
    name: str = ""
    value: str = field(default="", repr=False)
    pasted: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment. `problem` is why it can't be set; empty if it can. `notices` are about its value.

    `name` is empty if the text doesn't look like a name. `number` counts from 1. `times`: how often the name appears.
    """

    name: str
    value: str = field(repr=False)
    number: int
    problem: str = ""
    notices: tuple[str, ...] = ()
    times: int = 1

    @property
    def key(self) -> str:
        """Unique in a file. A line without a name has a key that is no valid name."""
        return self.name or f"line {self.number}"

    @property
    def size(self) -> int:
        """Bytes of the value. An empty value leaves the env var unchanged."""
        return _count_bytes(self.value)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """`skipped` are the numbers of the lines that are no assignment."""

    lines: tuple[Line, ...]
    skipped: tuple[int, ...] = ()


@sensitive_variables()
def read_file(text: str) -> ParsedFile:
    """Validate and parse a pasted file. Raises Invalid for the field `pasted`, quoting nothing of it."""
    if len(text) > MAX_FILE_LENGTH:
        raise Invalid({"pasted": _("The text can have at most %(max)s characters.") % {"max": MAX_FILE_LENGTH}})
    parsed = parse(text)
    if not parsed.lines:
        raise Invalid({"pasted": _("No line has the form NAME=value.")})
    if len(parsed.lines) > MAX_LINES:
        raise Invalid({"pasted": _("You can set at most %(max)s env vars at a time.") % {"max": MAX_LINES}})
    return parsed


@sensitive_variables()
def read_pair(name: str, value: str) -> Line:
    """Validate one name and value from a form. Raises Invalid for the field `name` or `value`, without the value.

    The value is taken as typed, except for line breaks at its end.
    """
    name = name.strip()
    if not name and not value:
        raise Invalid({"name": _("Enter a name and a value, or paste a .env file.")})
    if problem := find_name_problem(name):
        raise Invalid({"name": problem})
    if not resembles_name(name):
        raise Invalid({"name": _("This looks like a secret. Use a name of words with underscores between them.")})
    value, notices = _clean_value(value)
    if problem := find_value_problem(value):
        raise Invalid({"value": problem})
    if not value:
        raise Invalid({"value": _("Enter a value. An empty value changes nothing.")})
    return Line(name, value, 1, notices=tuple(notices))


@sensitive_variables()
def parse(text: str) -> ParsedFile:
    """All assignments of a file in order. If a name appears twice, its last value counts."""
    lines: list[Line] = []
    skipped: list[int] = []
    rows = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for first, block in _split_blocks(rows):
        if _KEY_BEGIN.match(block[0]):
            line = _parse_key(first, block)
            lines += [line] if line else []
            skipped += [] if line else range(first, first + len(block))
            continue
        for binding in parse_stream(io.StringIO("\n".join(block))):
            number = first + binding.original.line - 1
            if binding.key is None and not binding.error:
                continue  # blank, or a comment
            if binding.error or binding.value is None or _is_end_of_base64(binding):
                skipped.append(number)
            else:
                lines.append(_parse_assignment(binding, number))
    return ParsedFile(tuple(merge_duplicates(lines)), tuple(sorted(skipped)))


def build_line(name: str, value: str, number: int, notices: Iterable[str] = ()) -> Line:
    """A line with what is wrong with it. Text that doesn't look like a name is dropped."""
    if not resembles_name(name):
        problem = _(
            "The text before = doesn't look like a name, so it isn't shown. Enter a name, or leave this line out."
        )
        return Line("", value, number, problem, tuple(notices))
    return Line(name, value, number, find_name_problem(name) or find_value_problem(value), tuple(notices))


def resembles_name(text: str) -> bool:
    """Whether it can be shown, because it can't be a part of a secret. It may still be no valid name."""
    if not text:
        return False
    if not ((_NAME.fullmatch(text) and len(text) <= MAX_NAME_LENGTH) or _ALMOST_A_NAME.fullmatch(text)):
        return False
    long_words = [word for word in re.split(r"[_.-]", text) if len(word) > _MAX_WORD_LENGTH]
    return all(word.isalpha() and (word.isupper() or word.islower()) for word in long_words)


def find_name_problem(name: str) -> str:
    """Why an env var can't have this name; empty if it can."""
    if not name:
        return _("Enter a name.")
    if len(name) > MAX_NAME_LENGTH:
        return _("A name can have at most %(max)s characters.") % {"max": MAX_NAME_LENGTH}
    if not _NAME.fullmatch(name):
        return _("A name can contain only letters, digits and underscores, and can't start with a digit.")
    return ""


@sensitive_variables()
def find_value_problem(value: str) -> str:
    """Why an env var can't have this value; empty if it can."""
    if _count_bytes(value) > MAX_VALUE_SIZE:
        return _("A value can have at most %(max)s bytes.") % {"max": MAX_VALUE_SIZE}
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return _("The value contains a character that can't be stored.")
    return ""


def list_name_notices(name: str, times: int) -> tuple[str, ...]:
    """Notices about a name, independent of its value."""
    notices = []
    if times > 1:
        notices.append(_("This name appears %(count)s times. The last value is used.") % {"count": times})
    if name.startswith(_PUBLIC_PREFIXES):
        notices.append(_("Env vars with this prefix are built into pages, where every visitor can read them."))
    return tuple(notices)


def describe_skipped(numbers: Iterable[int]) -> str:
    """Which lines of a file were skipped, and why; empty if none were."""
    shown = [str(number) for number in numbers]
    if not shown:
        return ""
    text = ngettext(
        "Line %(numbers)s skipped: expected NAME=value", "Lines %(numbers)s skipped: expected NAME=value", len(shown)
    )
    return text % {"numbers": ", ".join(shown)}


def merge_duplicates(lines: Iterable[Line]) -> list[Line]:
    """Of the lines with one name, the last."""
    kept: dict[str, Line] = {}
    for line in lines:
        earlier = kept.pop(line.key, None)
        kept[line.key] = replace(line, times=earlier.times + 1) if earlier else line
    return list(kept.values())


def _count_bytes(value: str) -> int:
    return len(value.encode("utf-8", "surrogatepass"))


def _clean_value(value: str) -> tuple[str, list[str]]:
    """The value of a form field, and notices about it."""
    notices = []
    clean = value.replace("\r\n", "\n")
    if clean.endswith("\n"):
        clean = clean.rstrip("\n")
        notices.append(_("The line break at its end was removed."))
    if len(clean) > 1 and clean[0] == clean[-1] and clean[0] in _QUOTES:
        notices.append(_("The quotes are part of the value."))
    elif clean != clean.strip():
        notices.append(_("The space at its start or end is part of the value."))
    return clean, notices


def _split_blocks(rows: list[str]) -> Iterator[tuple[int, list[str]]]:
    """(number of the first row, rows): each PEM key is a block of its own, and so are the rows between two keys."""
    at = begin = 0
    while at < len(rows):
        if not _KEY_BEGIN.match(rows[at]):
            at += 1
            continue
        if begin < at:
            yield begin + 1, rows[begin:at]
        end = _find_key_end(rows, at)
        yield at + 1, rows[at : end + 1]
        at = begin = end + 1
    if begin < at:
        yield begin + 1, rows[begin:at]


def _find_key_end(rows: list[str], at: int) -> int:
    """The index of its END row; in a chain of certificates, of the last one; if there is none, of the last row."""
    end = next((row for row in range(at, len(rows)) if _KEY_END.search(rows[row])), len(rows) - 1)
    following = rows[end + 1 : end + 2]
    return _find_key_end(rows, end + 1) if following and following[0].lstrip().startswith("-----BEGIN ") else end


def _parse_key(number: int, rows: list[str]) -> Line | None:
    """A PEM key that was pasted without quotes. None if it has no name."""
    name, equals, first = rows[0].partition("=")
    if not equals or name.lstrip().startswith("-"):
        return None
    value = "\n".join([first.strip(), *(row.strip() for row in rows[1:])]).strip()
    line = build_line(name.strip().removeprefix("export").strip(), value, number)
    if not _KEY_END.search(value):
        return replace(line, problem=_("This key has no END line. Paste it again with all of its lines."))
    return replace(line, notices=(_("All lines of this key are one value."),) if len(rows) > 1 else ())


def _is_end_of_base64(binding: Binding) -> bool:
    """The last row of base64 text that was pasted without quotes: the text before = is no name."""
    key, value = binding.key or "", binding.value or ""
    if value == "" and key not in (key.upper(), key.lower()):
        return True
    written = binding.original.string.strip()
    # NAME== is base64, but NAME='=' was meant.
    return (value == "=" and written.endswith("==")) or bool(_END_OF_BASE64.fullmatch(written))


def _parse_assignment(binding: Binding, number: int) -> Line:
    notices = []
    written = binding.original.string.partition("=")[2].strip()
    if written.startswith(_QUOTES):
        notices.append(_("The quotes around it were removed."))
    elif re.search(r"\s#", written):
        notices.append(_("The text after # was removed as a comment. To keep it, put the value in quotes."))
    return build_line(binding.key or "", binding.value or "", number, notices)
