"""One assignment of a name and a value: which names and values can be set, and what to tell a person about them.

Text that was meant as a name can be a part of a secret that was pasted without quotes. So only text that resembles a
name is ever shown; any other line is shown by its number (docs/rules.md, 7).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables

MAX_NAME_LENGTH = 128  # characters
MAX_VALUE_SIZE = 32_768  # bytes in UTF-8

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ALMOST_A_NAME = re.compile(r"[A-Z0-9][A-Z0-9_.-]{0,39}|[a-z][a-z_.-]{0,23}")
# A longer run of letters and digits without a separator is a part of a secret, unless it consists of words.
_MAX_WORD_LENGTH = 20
_CAMEL_CASE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_MIN_MEAN_WORD = 3.5  # letters; that of random letters is below 3
_MAX_DIGITS_IN_WORDS = 2
_MAX_ACRONYM_LENGTH = 5
_PUBLIC_PREFIXES = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "EXPO_PUBLIC_", "GATSBY_", "NUXT_PUBLIC_")

_REFERENCE = re.compile(r"\$[\w{($'\"]|\\\$")
_CURLY_QUOTE = re.compile("[\u2018-\u201f]")
# Spaces other than the plain one, zero-width and direction marks, fillers, and control characters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment, on the lines `number` to `last` of a file; both are 0 if it was typed into the form.

    `name` is empty if the text doesn't resemble a name. `fault` is what is wrong apart from the name, and `doubt` what
    a person has to confirm before anything is set. `earlier` are the lines with the same name, which don't count.
    """

    name: str
    value: str = field(repr=False)
    number: int = 0
    last: int = 0
    fault: str = ""
    doubt: str = ""
    notices: tuple[str, ...] = ()
    earlier: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Unique in a file. A line without a name has a key that is no valid name."""
        return self.name or f"line {self.number}"

    @property
    def size(self) -> int:
        """Bytes of the value. An empty value leaves the env var unchanged."""
        return _count_bytes(self.value)

    @property
    def problem(self) -> str:
        """Why it can't be set; empty if it can."""
        if self.fault:
            return self.fault
        if not self.name:
            return _(
                "The text before = doesn't look like a name, so it isn't shown. Enter a name, or leave this line out."
            )
        return find_name_problem(self.name) or find_value_problem(self.value)


def resembles_name(text: str) -> bool:
    """Whether it can be shown, because it can't be a part of a secret. It may still be no valid name."""
    if not (is_valid_name(text) or _ALMOST_A_NAME.fullmatch(text)):
        return False
    return all(len(word) <= _MAX_WORD_LENGTH or consists_of_words(word) for word in re.split(r"[_.-]", text))


def is_valid_name(name: str) -> bool:
    return not find_name_problem(name)


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


def list_name_notices(name: str, earlier: Iterable[int]) -> tuple[str, ...]:
    """Notices about a name, independent of its value. `earlier`: see `Line`."""
    notices = []
    if numbers := tuple(earlier):
        text = ngettext(
            "Line %(numbers)s sets this name too, but only the last value counts.",
            "Lines %(numbers)s set this name too, but only the last value counts.",
            len(numbers),
        )
        notices.append(text % {"numbers": format_numbers(numbers)})
    if name.startswith(_PUBLIC_PREFIXES):
        notices.append(_("Env vars with this prefix are built into pages, where every visitor can read them."))
    return tuple(notices)


@sensitive_variables()
def list_value_notices(value: str) -> tuple[str, ...]:
    """What is easily overlooked in a value, and is set as it is."""
    notices = []
    if _REFERENCE.search(value):
        notices.append(_("$ is kept as written. References to other env vars are not replaced."))
    if _CURLY_QUOTE.search(value):
        notices.append(_("It contains typographic quotes, which are part of the value."))
    if _INVISIBLE.search(value):
        notices.append(_("It contains invisible characters or special spaces, which are part of the value."))
    return tuple(notices)


def merge_duplicates(lines: Iterable[Line]) -> list[Line]:
    """Of the lines with one name, the last."""
    by_key: dict[str, list[Line]] = {}
    for line in lines:
        by_key.setdefault(line.key, []).append(line)
    merged = [replace(last, earlier=_list_numbers(before, last)) for *before, last in by_key.values()]
    return sorted(merged, key=lambda line: line.number)


def format_numbers(numbers: Iterable[int]) -> str:
    """Ascending numbers as text, neighbours as ranges: 2, 5–9."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in ranges)


def _list_numbers(before: Iterable[Line], last: Line) -> tuple[int, ...]:
    numbers = {number for line in before for number in (*line.earlier, *range(line.number, line.last + 1))}
    return tuple(sorted(numbers.union(last.earlier)))


def _count_bytes(value: str) -> int:
    return len(value.encode("utf-8", "surrogatepass"))


def consists_of_words(text: str) -> bool:
    """As `firebaseMessagingSenderId` does."""
    if text.isalpha() and (text.isupper() or text.islower()):
        return True
    words = _CAMEL_CASE.findall(text)
    if text.isupper() or text.islower() or sum(letter.isdigit() for letter in text) > _MAX_DIGITS_IN_WORDS:
        return False
    has_short_acronyms = all(len(word) <= _MAX_ACRONYM_LENGTH for word in words if word.isupper())
    return has_short_acronyms and len(text) / len(words) >= _MIN_MEAN_WORD
