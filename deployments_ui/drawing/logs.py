"""A window onto a log of any length: numbered lines, what was searched for, the first line that looks wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from deployments_ui import ansi

WINDOW = 1000
MOST_HITS = 200
WRONG = re.compile(
    r"\b(?:fatal|panic|traceback|exception|segmentation fault|npm err!|exited with code [1-9]|exit code [1-9])"
    r"|\berror\b(?!s?\s*[:=]?\s*0\b)|\bfailed\b|^\s*✕",
    re.IGNORECASE,
)
NO_ERRORS = re.compile(r"\b(?:0|no) (?:errors?|failed)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Log:
    """`first` and `last` are the lines shown, counted from 1; `hits` the lines that hold what was searched for."""

    lines: SafeString
    total: int
    first: int
    last: int
    first_error: int | None
    search: str
    hits: tuple[int, ...]
    has_more_hits: bool
    earlier: int | None
    later: int | None


def window(text: str, *, line: int | None = None, search: str = "") -> Log:
    """The lines around `line`; without one, around the first hit or the first error, else the beginning."""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    plain = [ansi.strip(each) for each in lines]
    hits = find(plain, search)
    error = first_error(plain)
    wanted = line or (hits[0] if hits else None) or error or 1
    first = max(1, min((wanted - 1) // WINDOW * WINDOW + 1, len(lines) or 1))
    last = min(first + WINDOW - 1, len(lines))
    return Log(
        lines=draw(lines[first - 1 : last], first=first, hits=frozenset(hits), error=error),
        total=len(lines),
        first=first,
        last=last,
        first_error=error,
        search=search,
        hits=tuple(hits[:MOST_HITS]),
        has_more_hits=len(hits) > MOST_HITS,
        earlier=first - WINDOW if first > 1 else None,
        later=last + 1 if last < len(lines) else None,
    )


def find(lines: Sequence[str], search: str) -> list[int]:
    wanted = search.casefold()
    return [number for number, line in enumerate(lines, 1) if wanted in line.casefold()] if wanted else []


def first_error(lines: Sequence[str]) -> int | None:
    return next(
        (number for number, line in enumerate(lines, 1) if WRONG.search(line) and not NO_ERRORS.search(line)), None
    )


def draw(lines: Sequence[str], *, first: int, hits: frozenset[int], error: int | None) -> SafeString:
    drawn, pen = [], ansi.PLAIN
    for number, line in enumerate(lines, first):
        text, pen = ansi.draw(line, pen)
        look = ' class="wrong"' if number == error else ' class="hit"' if number in hits else ""
        drawn.append(f'<li id="L{number}"{look}>{text}</li>')
    return mark_safe("".join(drawn))  # noqa: S308 - numbers are ours, texts were escaped by ansi.draw
