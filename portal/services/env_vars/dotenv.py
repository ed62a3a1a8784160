"""Parses a pasted .env file, or one name and value from a form, into lines.

It reads what the dotenv of Node, Docker Compose and python-dotenv read alike. Where they differ, a notice says what was
done. Every line of a file is accounted for: as an assignment, as a part of one, or as skipped, with the reason. Values
leave this module only as `Line.value` (docs/rules.md, 7).
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables

from portal.services.env_vars import lines, pem, values
from portal.services.env_vars.lines import Line
from portal.services.errors import Invalid

MAX_FILE_LENGTH = 500_000  # characters
MAX_FILE_LINES = 5_000
MAX_ENV_VARS = 200

# Byte order marks and zero-width spaces around a name are no part of it.
_ASSIGNMENT = re.compile(
    r"""[\s\ufeff\u200b]*(?:export[^\S\n]+)?(?P<name>[^\s=:"'`{}()\[\]<>,;#\ufeff\u200b]+)(?:[^\S\n]|[\ufeff\u200b])*="""
)
_LIKE_ASSIGNMENT = re.compile(r"[\s\ufeff\u200b]*(?:export\s+)?[A-Za-z0-9_][A-Za-z0-9_.-]*[\s\ufeff\u200b]*=")
_COLON = re.compile(r"\s*(?:export\s+)?[A-Z_][A-Z0-9_]*\s*:(?:\s|$)")
_EQUALS_LOOKALIKES = re.compile("[\uff1d\ufe66\ua78a\u2e40]")
_NAME_ALONE = re.compile(r"\s*export\s+[A-Za-z_][A-Za-z0-9_]*\s*")
# A fence of Markdown, a ruler, or a heading as in INI files: no value goes on there.
_SEPARATOR = re.compile(r"\s*(?:```\w*|[-=*~_]{3,}|\[[A-Za-z][\w .:-]*\])\s*")
_END_OF_BASE64 = re.compile(r"\s*([A-Za-z0-9+/_-]+)(={1,2})\s*")
_HERE_DOCUMENT = re.compile(r"<<[-~]?\s*(['\"]?)(\w+)\1\)?$")
_OPENING_BRACKETS = ("{", "[", "(")


@dataclass(frozen=True, slots=True)
class TypedValues:
    """The fields of the form: one name and value, or a pasted file. An empty environment means the main one.

    `is_name`: the person confirmed that the name is no secret, although it looks like one.
    """

    environment: str = ""
    name: str = ""
    value: str = field(default="", repr=False)
    pasted: str = field(default="", repr=False)
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """`skipped` are sentences with the numbers of the lines that set nothing, one for each reason."""

    lines: tuple[Line, ...]
    skipped: tuple[str, ...] = ()


@sensitive_variables()
def read_file(text: str) -> ParsedFile:
    """Validate and parse a pasted file. Raises Invalid for the field `pasted`, quoting nothing of it."""
    if len(text) > MAX_FILE_LENGTH:
        raise Invalid({"pasted": _("The text can have at most %(max)s characters.") % {"max": MAX_FILE_LENGTH}})
    if "\x00" in text:
        raise Invalid({"pasted": _("The text has NUL characters, as a file in UTF-16 has. Save the file as UTF-8.")})
    if text.count("\n") + text.count("\r") - text.count("\r\n") >= MAX_FILE_LINES:
        raise Invalid({"pasted": _("The text can have at most %(max)s lines.") % {"max": MAX_FILE_LINES}})
    parsed = parse(text)
    if not parsed.lines:
        raise Invalid({"pasted": _("No line has the form NAME=value.")})
    if len(parsed.lines) > MAX_ENV_VARS:
        raise Invalid({"pasted": _("You can set at most %(max)s env vars at a time.") % {"max": MAX_ENV_VARS}})
    return parsed


@sensitive_variables()
def read_pair(name: str, value: str, *, is_name: bool = False) -> Line:
    """Validate one name and value from a form. Raises Invalid for the field `name` or `value`, without the value.

    The value is taken as typed, except for line breaks at its end. `is_name`: see `TypedValues`.
    """
    name = name.strip().strip("\ufeff\u200b")
    if not name and not value:
        raise Invalid({"name": _("Enter a name and a value, or paste a .env file.")})
    if problem := lines.find_name_problem(name):
        raise Invalid({"name": problem})
    if not (is_name or lines.resembles_name(name)):
        raise Invalid({"name": _("This looks like a secret. If it is a name, enter it again and confirm that.")})
    value, notices = values.clean_typed(value)
    if problem := lines.find_value_problem(value):
        raise Invalid({"value": problem})
    if not value:
        raise Invalid({"value": _("Enter a value. An empty value changes nothing.")})
    return Line(name, value, notices=notices)


@sensitive_variables()
def parse(text: str) -> ParsedFile:
    """All assignments of a file in order. If a name appears twice, its last value counts."""
    reader = _Reader(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    at = 0
    while at < len(reader.rows):
        at = reader.read(at) + 1
    skipped = (_describe(reason, numbers) for reason, numbers in reader.skipped.items())
    return ParsedFile(tuple(lines.merge_duplicates(reader.lines)), tuple(skipped))


class _Reader:
    """Collects the lines of a file. Each `read` method takes the index of a row, and returns that of the last it read.

    Indexes of lines whose value could go on in a row that can't be read: `unfinished`, without quotes in the row above;
    `opened`, that end with a bracket; `last_key`, the last key without quotes.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.rows = text.split("\n")
        self.starts = [0]
        for row in self.rows[:-1]:
            self.starts.append(self.starts[-1] + len(row) + 1)
        self.by_text: dict[str, list[int]] = {}
        for at, row in enumerate(self.rows):
            self.by_text.setdefault(row.strip(), []).append(at)
        self.last_assignment = max((at for at, row in enumerate(self.rows) if _is_like_assignment(row)), default=-1)
        self.lines: list[Line] = []
        self.skipped: dict[str, list[int]] = {}
        self.unfinished: list[int] = []
        self.opened: list[int] = []
        self.last_key: list[int] = []

    def read(self, at: int) -> int:
        row = self.rows[at]
        if pem.is_blank_or_comment(row):
            return self.read_blank_or_comment(at)
        if row.lstrip().startswith(pem.BEGIN):
            return self.read_nameless_key(at)
        match = _ASSIGNMENT.match(row)
        if match is None or _is_end_of_base64(row):
            return self.skip_unreadable(at)
        name = match["name"] if lines.resembles_name(match["name"]) else ""
        if not (name or lines.is_valid_name(match["name"])):
            self.give_up_unfinished()
        written = row[match.end() :].lstrip(" \t")
        if written.startswith(values.QUOTES):
            return self.read_quoted(at, name, self.starts[at] + len(row) - len(written))
        if written.startswith(pem.BEGIN):
            return self.read_key(at, name, written)
        return self.read_unquoted(at, name, row[match.end() :])

    def read_blank_or_comment(self, at: int) -> int:
        if self.rows[at].lstrip().startswith("#"):
            self.skip(_("a comment"), at)
        self.unfinished = []
        return at

    def read_quoted(self, at: int, name: str, opening: int) -> int:
        """A value whose quote opens at the position `opening` of the text, on this row."""
        closing = values.find_closing_quote(self.text, opening)
        last = bisect_right(self.starts, closing) - 1
        is_rest = closing < 0 or not values.REST_OF_ROW.match(self.text, closing + 1)
        if closing < 0 or (is_rest and last > at):
            doubt = _("The lines below it were read as env vars of their own.") if self.last_assignment > at else ""
            return self.add(Line(name, "", at + 1, at + 1, fault=_("Its quote isn't closed."), doubt=doubt))
        if is_rest:
            return self.add(Line(name, "", at + 1, at + 1, fault=_("There is text after its closing quote.")))
        value, notices = values.unquote(self.text[opening : closing + 1])
        return self.add(Line(name, value, at + 1, last + 1, doubt=self.find_doubt(at, last), notices=notices))

    def read_unquoted(self, at: int, name: str, written: str) -> int:
        last = self.find_end_of_here_document(at, written)
        if last is not None:
            fault = _("Here-documents are not supported. Put the value in quotes.")
            return self.add(Line(name, "", at + 1, last + 1, fault=fault))
        value, notices = values.strip_comment(written)
        self.add(Line(name, value, at + 1, at + 1, notices=notices))
        self.unfinished = [len(self.lines) - 1]
        if value.endswith(_OPENING_BRACKETS):
            self.opened += self.unfinished
        return at

    def read_key(self, at: int, name: str, first: str) -> int:
        """A PEM key or certificate, or a chain of them, without quotes."""
        last, is_complete = pem.find_last_row(self.rows, at)
        if not is_complete:
            fault = _("This key has no END line. Paste it again with all of its lines.")
            return self.add(Line(name, "", at + 1, last + 1, fault=fault))
        rows = (row.strip() for row in self.rows[at + 1 : last + 1] if not row.lstrip().startswith("#"))
        value = "\n".join((first.strip(), *rows))
        notices = (_("All lines of this key are one value."),) if last > at else ()
        self.last_key = [len(self.lines)]
        return self.add(Line(name, value, at + 1, last + 1, notices=notices))

    def read_nameless_key(self, at: int) -> int:
        """It may belong to a key or a value above it, so these are not set."""
        last, _is_complete = pem.find_last_row(self.rows, at)
        self.skip(_("a key or certificate without a name"), at, last)
        self.unfinished += self.last_key
        self.give_up_unfinished()
        return last

    def skip_unreadable(self, at: int) -> int:
        row = self.rows[at]
        if _NAME_ALONE.fullmatch(row):
            return self.skip(_("there is no = after the name"), at)
        if _COLON.match(row):
            return self.skip(_("it has a colon, expected NAME=value"), at)
        if self.opened or not _SEPARATOR.fullmatch(row):
            self.give_up_unfinished()
        if _EQUALS_LOOKALIKES.search(row):
            return self.skip(_("its equals sign is not the usual one, expected NAME=value"), at)
        return self.skip(_("expected NAME=value"), at)

    def skip(self, reason: str, at: int, last: int | None = None) -> int:
        last = at if last is None else last
        self.skipped.setdefault(reason, []).extend(range(at + 1, last + 2))
        return last

    def add(self, line: Line) -> int:
        self.lines.append(line)
        self.unfinished = []
        return line.last - 1

    def give_up_unfinished(self) -> None:
        fault = _("The lines after it couldn't be read, so its value may be incomplete. Put it in quotes.")
        for index in {*self.unfinished, *self.opened}:
            self.lines[index] = replace(self.lines[index], fault=fault)
        self.unfinished, self.opened = [], []

    def find_doubt(self, at: int, last: int) -> str:
        """Why a quoted value on these rows may be a mistake; empty if there is no sign of it."""
        numbers = []
        is_in_key = False
        for row in range(at, last + 1):
            is_in_key = (is_in_key or pem.BEGIN in self.rows[row]) and "-----END " not in self.rows[row]
            if row > at and not is_in_key and _is_like_assignment(self.rows[row]):
                numbers.append(row + 1)
        if not numbers:
            return ""
        text = ngettext(
            "Line %(numbers)s looks like an env var of its own. Is a quote missing on line %(first)s?",
            "Lines %(numbers)s look like env vars of their own. Is a quote missing on line %(first)s?",
            len(numbers),
        )
        return text % {"numbers": lines.format_numbers(numbers), "first": at + 1}

    def find_end_of_here_document(self, at: int, written: str) -> int | None:
        """The row with its closing word, or its only row if that is missing. None if it is no here-document."""
        match = _HERE_DOCUMENT.search(written.rstrip())
        if match is None:
            return None
        found = self.by_text.get(match[2], ())
        return next((row for row in found[bisect_right(found, at) :]), at)


def _is_like_assignment(row: str) -> bool:
    return bool(_LIKE_ASSIGNMENT.match(row)) and not _is_end_of_base64(row)


def _is_end_of_base64(row: str) -> bool:
    """The last row of base64 text, in which the text before = is no name. NAME= is an empty value."""
    match = _END_OF_BASE64.fullmatch(row)
    if match is None:
        return False
    text, padding = match.groups()
    if len(padding) == 2 or not lines.resembles_name(text):
        return True
    is_mixed = text not in {text.upper(), text.lower()}
    return is_mixed and not lines.consists_of_words(text) and (len(text) + 1) % 4 == 0


def _describe(reason: str, numbers: list[int]) -> str:
    text = ngettext("Line %(numbers)s skipped: %(reason)s", "Lines %(numbers)s skipped: %(reason)s", len(numbers))
    return text % {"numbers": lines.format_numbers(numbers), "reason": reason}
