"""A window onto a log of any length: numbered lines, what was searched for, the first line that looks wrong."""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.safestring import SafeString, mark_safe

from deployments_ui import ansi, links
from deployments_ui.htmx import Request, wants_part
from deployments_ui.looking import Pairs
from portal.services.logs import LogPage

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
    hit_count: int
    previous_hit: int | None
    next_hit: int | None
    earlier: int | None
    later: int | None


def window(text: str, *, line: int | None = None, search: str = "", from_end: bool = False) -> Log:
    """The lines around `line`; without one, around the first hit or the first error, else the beginning or the end."""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    plain = [ansi.strip(each) for each in lines]
    hits = find(plain, search)
    error = first_error(plain)
    wanted = line or (hits[0] if hits else None) or (len(lines) if from_end else error) or 1
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
        hit_count=len(hits),
        previous_hit=before(hits, wanted),
        next_hit=after(hits, wanted),
        earlier=first - WINDOW if first > 1 else None,
        later=last + 1 if last < len(lines) else None,
    )


def find(lines: Sequence[str], search: str) -> list[int]:
    wanted = search.casefold()
    return [number for number, line in enumerate(lines, 1) if wanted in line.casefold()] if wanted else []


def before(hits: Sequence[int], line: int) -> int | None:
    at = bisect_left(hits, line)
    return hits[at - 1] if at else None


def after(hits: Sequence[int], line: int) -> int | None:
    at = bisect_right(hits, line)
    return hits[at] if at < len(hits) else None


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


def context_of(
    told: LogPage, request: Request, *, path: str, text_url: str, pairs: Pairs | None = None
) -> dict[str, Any]:
    """A log on its page. One that still grows is followed at its end, unless the reader looks elsewhere in it."""
    line, search = request.GET.get("line", ""), request.GET.get("q", "").strip()[:200]
    number = int(line) if line.isdecimal() and len(line) < 9 else None
    follows = not told.complete and number is None and not search
    base = pairs or []
    generation = f"{zlib.crc32(told.text.encode('utf-8', 'surrogatepass')):x}.{told.complete:d}{bool(told.missing):d}"
    return {
        "told": told,
        "log": window(told.text, line=number, search=search, from_end=follows),
        "log_url": links.with_query(path, base),
        "line_url": links.with_query(path, [*base, *([("q", search)] if search else []), ("line", "")]),
        "log_pairs": base,
        "text_url": links.with_query(text_url, base),
        "follows": follows,
        "generation": generation,
        "follow_url": links.with_query(path, [*base, ("seen", generation)]) if follows else "",
    }


def is_unchanged(request: Request, context: dict[str, Any]) -> bool:
    return wants_part(request) and request.GET.get("seen", "") == context["generation"]


def is_search(request: Request) -> bool:
    """Whether only the log is wanted, and not what stands around it."""
    return wants_part(request) and request.htmx.target == "log"


def download(told: LogPage, *, name: str) -> HttpResponse:
    """All of it that is kept, without colours."""
    text = "\n".join(ansi.strip(line) for line in (told.text or told.missing).split("\n"))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
