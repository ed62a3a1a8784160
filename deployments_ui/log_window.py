"""A log of any length on a page: a window of numbered lines, a search, and the first line that looks like an error."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from deployments_ui import ansi, formats, links
from deployments_ui.ansi import Span
from deployments_ui.freshness import Pairs
from deployments_ui.htmx import wants_part
from portal.services.queries.log_pages import LogPage
from portal.terminal import StyledText

WINDOW = 1000
EXCERPT = 60
LINES_BEFORE_ERROR = 5
# Fewer lines are shown if they are long.
MOST_CHARACTERS = 400_000
FEWEST_LINES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """`css` is `error` for the first line that looks like one, `hit` for a match of the search, else empty."""

    number: int
    css: str
    spans: list[Span]


@dataclass(frozen=True, slots=True)
class LogWindow:
    """Lines are counted from 1. `first` and `last` are the ends of the window; `earlier` and `later` lead to the next
    windows. `current` is the line to scroll to, None for the end.

    `hits` are all lines that match the search; `previous_hit` and `next_hit` those around the current line, and
    `position` which of them the current line is, counted from 1. Behind line `gap` some are missing: `gap_text`.
    """

    lines: list[Line]
    total: int
    first: int
    last: int
    current: int | None = None
    first_error: int | None = None
    hits: list[int] = field(default_factory=list)
    position: int | None = None
    previous_hit: int | None = None
    next_hit: int | None = None
    earlier: int | None = None
    later: int | None = None
    gap: int | None = None
    gap_text: str = ""


@dataclass(frozen=True, slots=True)
class LogPart:
    """A log as the part `log` shows it. `follows`: it still grows, and the part polls for its end.

    `query` is what the log's address has besides a search and a line; `line` is what the reader jumped to. `is_whole`:
    it is rendered with its page, which a browser without JavaScript has to scroll.
    """

    page: LogPage
    window: LogWindow
    path: str
    query: Pairs
    text_url: str
    search: str
    line: int | None
    follows: bool
    is_whole: bool
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


def get_window(page: LogPage, *, line: int | None = None, search: str = "", from_end: bool = False) -> LogWindow:
    """The lines around `line`; without one, around the first match or the first error, else the start or the end."""
    lines = list_lines(page.text)
    hits = find_hits(page.text.text, search)
    current = line or (hits[0] if hits else None) or (None if from_end else page.first_error)
    current = min(current, len(lines)) if current and lines else None
    centre = current or (len(lines) if from_end else 1)
    first, last = find_ends(lines, centre, size=WINDOW)
    before, after = bisect_left(hits, centre), bisect_right(hits, centre)
    return LogWindow(
        lines=list_window(page, lines, first=first, last=last, hits=frozenset(hits)),
        total=len(lines),
        first=first,
        last=last,
        current=current,
        first_error=page.first_error,
        hits=hits,
        position=after if before < after else None,
        previous_hit=hits[before - 1] if before else None,
        next_hit=hits[after] if after < len(hits) else None,
        earlier=first - 1 if first > 1 else None,
        later=last + 1 if last < len(lines) else None,
        gap=page.gap_line,
        gap_text=explain_gap(page),
    )


def get_excerpt(page: LogPage | None) -> LogWindow | None:
    """The lines from shortly before the first error; without an error, the last lines. None if there are none."""
    lines = list_lines(page.text) if page else []
    if page is None or not lines:
        return None
    skipped = max(0, page.first_error - 1 - LINES_BEFORE_ERROR) if page.first_error else 0
    rest = lines[skipped:]
    first, last = find_ends(rest, 1 if page.first_error else len(rest), size=EXCERPT)
    first, last = first + skipped, last + skipped
    shown = list_window(page, lines, first=first, last=last, hits=frozenset())
    gap, gap_text = page.gap_line, explain_gap(page)
    return LogWindow(shown, total=len(lines), first=first, last=last, gap=gap, gap_text=gap_text)


def list_lines(text: StyledText) -> list[str]:
    return text.text.split("\n") if text.text.strip() else []


def find_ends(lines: Sequence[str], centre: int, *, size: int) -> tuple[int, int]:
    """The first and the last of at most `size` lines around `centre`, counted from 1."""
    while True:
        first = max(1, min(centre - size // 2, len(lines) - size + 1))
        last = min(first + size - 1, len(lines))
        if size <= FEWEST_LINES or sum(map(len, lines[first - 1 : last])) <= MOST_CHARACTERS:
            return first, last
        size //= 2


def find_hits(text: str, search: str) -> list[int]:
    text, search = text.casefold(), search.casefold()
    if not search or search not in text:
        return []
    return [number for number, line in enumerate(text.split("\n"), 1) if search in line]


def list_window(page: LogPage, lines: Sequence[str], *, first: int, last: int, hits: frozenset[int]) -> list[Line]:
    start = sum(map(len, lines[: first - 1])) + first - 1
    window = []
    for number, line in enumerate(lines[first - 1 : last], first):
        css = "error" if number == page.first_error else "hit" if number in hits else ""
        window.append(Line(number, css, list(ansi.list_spans(line, page.text.list_runs(start, start + len(line))))))
        start += len(line) + 1
    return window


def get_part(request: HttpRequest, page: LogPage, *, path: str, text_url: str, query: Pairs | None = None) -> LogPart:
    """One that still grows is followed at its end, unless the reader searches or jumped to a line.

    Who followed it stays there when it ends.
    """
    text, search = request.GET.get("line", ""), request.GET.get("q", "").strip()[:200]
    line = int(text) if text.isdecimal() and len(text) < 9 else None
    follows = not page.complete and line is None and not search
    query = query or []
    return LogPart(
        page=page,
        window=get_window(page, line=line, search=search, from_end=follows or "seen" in request.GET),
        path=path,
        query=query,
        text_url=links.with_query(text_url, query),
        search=search,
        line=line,
        follows=follows,
        is_whole=not wants_part(request),
        generation=f"{page.checksum}.{page.complete:d}{bool(page.missing):d}",
    )


def is_unchanged(request: HttpRequest, part: LogPart) -> bool:
    """Whether a poll has nothing newer to show."""
    return wants_part(request) and request.GET.get("seen", "") == part.generation


def wants_log(request: HttpRequest) -> bool:
    """Whether htmx asks for the log alone and not for the page's part that holds it."""
    return wants_part(request) and bool(request.htmx.target == "log")


def download(page: LogPage, *, name: str) -> HttpResponse:
    """The whole log as a text file, without colours."""
    lines = list_lines(page.text)
    if page.gap_line is not None:
        lines.insert(page.gap_line, f"[{explain_gap(page)}]")
    response = HttpResponse("\n".join(lines) or page.missing, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def explain_gap(page: LogPage) -> str:
    if page.gap_line is None:
        return ""
    size = formats.size(page.gap_bytes)
    return _("%(size)s are missing here. Of a very long log, the beginning and the end are kept.") % {"size": size}
