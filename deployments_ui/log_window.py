"""A log of any length on a page: a window of numbered lines, a search, and the first line that looks like an error."""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from deployments_ui import ansi, links
from deployments_ui.ansi import Span
from deployments_ui.freshness import Pairs
from deployments_ui.htmx import wants_part
from portal.services.logs import LogPage

WINDOW = 1000
ERROR = re.compile(
    r"\b(?:fatal|panic|traceback|exception|segmentation fault|npm err!|exited with code [1-9]|exit code [1-9])"
    r"|\berror\b(?!s?\s*[:=]?\s*0\b)|\bfailed\b|^\s*✕",
    re.IGNORECASE,
)
NO_ERROR = re.compile(r"\b(?:0|no) (?:errors?|failed)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """`css` is `error` for the first line that looks like one, `hit` for a match of the search, else empty."""

    number: int
    css: str
    spans: list[Span]


@dataclass(frozen=True, slots=True)
class LogWindow:
    """Lines are counted from 1. `first` and `last` are the ends of the window; `earlier` and `later` lead to the next
    windows. `hits` are all lines that match the search; `previous_hit` and `next_hit` those around the current line.
    """

    lines: list[Line]
    total: int
    first: int
    last: int
    first_error: int | None
    hits: list[int]
    previous_hit: int | None
    next_hit: int | None
    earlier: int | None
    later: int | None


@dataclass(frozen=True, slots=True)
class LogPart:
    """A log as the part `log` shows it. `follows`: it still grows, and the part polls for its end.

    `query` is what the log's address has besides a search and a line; `line` is what the reader jumped to.
    """

    page: LogPage
    window: LogWindow
    path: str
    query: Pairs
    text_url: str
    search: str
    line: int | None
    follows: bool
    generation: str

    @property
    def url(self) -> str:
        return links.with_query(self.path, self.query)

    @property
    def poll_url(self) -> str:
        return links.with_query(self.path, [*self.query, ("seen", self.generation)])

    def line_url(self, line: int) -> str:
        search = [("q", self.search)] if self.search else []
        return f"{links.with_query(self.path, [*self.query, *search, ('line', str(line))])}#L{line}"


def get_window(text: str, *, line: int | None = None, search: str = "", from_end: bool = False) -> LogWindow:
    """The lines around `line`; without one, around the first match or the first error, else the start or the end."""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    plain = [ansi.strip(each) for each in lines]
    hits = find_hits(plain, search)
    error = find_error(plain)
    current = line or (hits[0] if hits else None) or (len(lines) if from_end else error) or 1
    first = max(1, min((current - 1) // WINDOW * WINDOW + 1, len(lines) or 1))
    last = min(first + WINDOW - 1, len(lines))
    before, after = bisect_left(hits, current), bisect_right(hits, current)
    return LogWindow(
        lines=parse_lines(lines[first - 1 : last], first=first, hits=frozenset(hits), error=error),
        total=len(lines),
        first=first,
        last=last,
        first_error=error,
        hits=hits,
        previous_hit=hits[before - 1] if before else None,
        next_hit=hits[after] if after < len(hits) else None,
        earlier=first - WINDOW if first > 1 else None,
        later=last + 1 if last < len(lines) else None,
    )


def find_hits(lines: Sequence[str], search: str) -> list[int]:
    text = search.casefold()
    return [number for number, line in enumerate(lines, 1) if text in line.casefold()] if text else []


def find_error(lines: Sequence[str]) -> int | None:
    """The first line that looks like an error."""
    errors = (number for number, line in enumerate(lines, 1) if ERROR.search(line) and not NO_ERROR.search(line))
    return next(errors, None)


def parse_lines(lines: Sequence[str], *, first: int, hits: frozenset[int], error: int | None) -> list[Line]:
    parsed, style = [], ansi.PLAIN
    for number, line in enumerate(lines, first):
        spans, style = ansi.parse_line(line, style)
        parsed.append(Line(number, "error" if number == error else "hit" if number in hits else "", spans))
    return parsed


def get_part(request: HttpRequest, page: LogPage, *, path: str, text_url: str, query: Pairs | None = None) -> LogPart:
    """One that still grows is followed at its end, unless the reader searches or jumped to a line."""
    text, search = request.GET.get("line", ""), request.GET.get("q", "").strip()[:200]
    line = int(text) if text.isdecimal() and len(text) < 9 else None
    follows = not page.complete and line is None and not search
    query = query or []
    checksum = zlib.crc32(page.text.encode("utf-8", "surrogatepass"))
    return LogPart(
        page=page,
        window=get_window(page.text, line=line, search=search, from_end=follows),
        path=path,
        query=query,
        text_url=links.with_query(text_url, query),
        search=search,
        line=line,
        follows=follows,
        generation=f"{checksum:x}.{page.complete:d}{bool(page.missing):d}",
    )


def is_unchanged(request: HttpRequest, part: LogPart) -> bool:
    """Whether a poll has nothing newer to show."""
    return wants_part(request) and request.GET.get("seen", "") == part.generation


def wants_log(request: HttpRequest) -> bool:
    """Whether htmx asks for the log alone and not for the page's part that holds it."""
    return wants_part(request) and bool(request.htmx.target == "log")


def download(page: LogPage, *, name: str) -> HttpResponse:
    """The whole log as a text file, without colours."""
    text = "\n".join(ansi.strip(line) for line in (page.text or page.missing).split("\n"))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
