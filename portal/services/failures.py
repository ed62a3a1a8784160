"""Why something failed: the line of its log that a person would quote.

The first cause is quoted, since later ones follow from it; but a tool that reports success after an error got over it,
so causes after the last success come first. Without a cause, the first consequence is quoted.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from portal.services import log_lines
from portal.services.log_lines import Grade

_LONGEST = 240
_WORD = re.compile(r"\w{3}")
_TRACEBACK = re.compile(r"traceback \(most recent call last\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Failure:
    """`line` counts from 1. `text` is that line without timestamps and names of steps, at most 240 characters."""

    line: int
    text: str


def find_failure(lines: Sequence[str]) -> Failure | None:
    """The line with the cause among the plain lines of a log that ended badly; None if no line looks like an error."""
    begin = next((number for number in range(len(lines), 0, -1) if log_lines.is_success(lines[number - 1])), 0)
    late_cause, late_consequence = _find_first(lines[begin:], begin)
    if late_cause is not None:
        return late_cause
    cause, consequence = _find_first(lines[:begin], 0)
    return cause or late_consequence or consequence


def _find_first(lines: Iterable[str], before: int) -> tuple[Failure | None, Failure | None]:
    """The first cause, and the first consequence before it. `before` is the number of lines before these."""
    consequence = None
    for number, text, grade in _grade_lines(lines, before):
        if grade is Grade.CAUSE:
            return Failure(number, _shorten(text)), consequence
        consequence = consequence or Failure(number, _shorten(text))
    return None, consequence


def _grade_lines(lines: Iterable[str], before: int) -> Iterator[tuple[int, str, Grade]]:
    """Number, text and grade of each line that says that something failed."""
    after_header = in_traceback = False
    for number, line in enumerate(lines, before + 1):
        if not (after_header or in_traceback or log_lines.is_noteworthy(line)):
            continue
        body = log_lines.remove_prefixes(line)
        text = body.strip()
        if not text:
            continue
        grade = log_lines.grade(text)
        if after_header and grade is Grade.QUIET and _WORD.search(text):
            grade = Grade.CAUSE
        # A traceback is indented, and the line that ends it names the exception, of whatever class.
        if in_traceback and not body[0].isspace():
            grade, in_traceback = Grade.CAUSE, False
        after_header = log_lines.is_header(text)
        in_traceback = in_traceback or bool(_TRACEBACK.match(text))
        if grade is not Grade.QUIET:
            yield number, text, grade


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
