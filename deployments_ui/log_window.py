"""A log of any length on a page: a window of numbered lines, a search, and the first line that looks like an error."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from deployments_ui import ansi, formats, links
from deployments_ui.ansi import Span
from deployments_ui.htmx import wants_part
from deployments_ui.links import Pairs
from portal.services.queries.log_pages import LogPage

WINDOW = 1000
EXCERPT = 60
LINES_BEFORE_ERROR = 2
# Fewer lines are shown if they are long.
MOST_CHARACTERS = 400_000
MOST_HITS = 10_000


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

    `hits` are the lines that match the search; `previous_hit` and `next_hit` those around the current line, and
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

    @property
    def hit_count(self) -> str:
        return f"{MOST_HITS}+" if len(self.hits) == MOST_HITS else str(len(self.hits))


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

    @property
    def url(self) -> str:
        return links.with_query(self.path, self.query)

    @property
    def poll_url(self) -> str:
        return links.with_query(self.path, [*self.query, ("seen", get_generation(self.page))])

    def line_url(self, line: int) -> str:
        search = [("q", self.search)] if self.search else []
        return f"{links.with_query(self.path, [*self.query, *search, ('line', str(line))])}#L{line}"


def get_window(page: LogPage, *, line: int | None = None, search: str = "", from_end: bool = False) -> LogWindow:
    """The lines around `line`; without one, around the first match or the first error, else the start or the end."""
    total = page.text.count_lines()
    hits = find_hits(page.text.text, search)
    current = line or (hits[0] if hits else None) or (None if from_end else page.first_error)
    current = min(current, total) if current and total else None
    centre = current or (total if from_end else 1)
    before, after = bisect_left(hits, centre), bisect_right(hits, centre)
    window = get_lines(page, centre=centre, size=WINDOW, search=search)
    return replace(
        window,
        current=current,
        hits=hits,
        position=after if before < after else None,
        previous_hit=hits[before - 1] if before else None,
        next_hit=hits[after] if after < len(hits) else None,
        earlier=window.first - 1 if window.first > 1 else None,
        later=window.last + 1 if window.last < total else None,
    )


def get_excerpt(page: LogPage | None) -> LogWindow | None:
    """The lines from shortly before the first error; without an error, the last lines. None if there are none."""
    total = page.text.count_lines() if page else 0
    if page is None or not total:
        return None
    if page.first_error is None:
        return get_lines(page, centre=total, size=EXCERPT)
    begin = max(1, page.first_error - LINES_BEFORE_ERROR)
    return get_lines(page, centre=begin, size=EXCERPT, begin=begin)


def get_lines(page: LogPage, *, centre: int, size: int, search: str = "", begin: int = 1) -> LogWindow:
    """At most `size` lines around one, fewer if they are long, none before line `begin`."""
    text, total, search = page.text, page.text.count_lines(), search.casefold()
    while True:
        first = max(begin, min(centre - size // 2, total - size + 1))
        last = min(first + size - 1, total)
        start, end = text.find_line(first), text.find_line(last + 1)
        if end - start <= MOST_CHARACTERS:
            break
        size //= 2
    lines = []
    for number, line in enumerate(text.text[start:end].split("\n")[: last - first + 1], first):
        is_hit = bool(search) and search in line.casefold()
        css = "error" if number == page.first_error else "hit" if is_hit else ""
        lines.append(Line(number, css, list(ansi.list_spans(line, text.list_runs(start, start + len(line))))))
        start += len(line) + 1
    error, gap = page.first_error, page.gap_line
    return LogWindow(lines, total, first, last, first_error=error, gap=gap, gap_text=explain_gap(page))


def find_hits(text: str, search: str) -> list[int]:
    """The lines with a match, at most `MOST_HITS`."""
    text, search = text.casefold(), search.casefold()
    hits: list[int] = []
    number, line_start = 1, 0
    at = text.find(search) if search else -1
    while at >= 0 and len(hits) < MOST_HITS:
        number += text.count("\n", line_start, at)
        hits.append(number)
        line_start = text.find("\n", at)
        at = text.find(search, line_start) if line_start >= 0 else -1
    return hits


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
    )


def is_unchanged(request: HttpRequest, page: LogPage) -> bool:
    """Whether a poll has nothing newer to show. To be asked before `get_part`, which takes long for a long log."""
    return wants_part(request) and request.GET.get("seen", "") == get_generation(page)


def get_generation(page: LogPage) -> str:
    return f"{page.checksum}.{page.complete:d}{bool(page.missing):d}"


def wants_log(request: HttpRequest) -> bool:
    """Whether htmx asks for the log alone and not for the page's part that holds it."""
    return wants_part(request) and bool(request.htmx.target == "log")


def download(page: LogPage, *, name: str) -> HttpResponse:
    """The whole log as a text file, without colours."""
    text = page.text.text
    if page.gap_line is not None:
        at = page.text.find_line(page.gap_line + 1)
        text = f"{text[:at]}[{explain_gap(page)}]\n{text[at:]}"
    response = HttpResponse(text or page.missing, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def explain_gap(page: LogPage) -> str:
    if page.gap_line is None:
        return ""
    size = formats.size(page.gap_bytes)
    return _("%(size)s are not shown. Only the beginning and the end of a very long log are kept.") % {"size": size}
