"""A log of any length is shown through a window."""

import time
from dataclasses import replace

import pytest
from django.http import HttpResponse
from django.template import engines
from django.test import RequestFactory

from deployments_ui import log_window
from deployments_ui.log_window import WINDOW, LogWindow
from portal import terminal
from portal.services.queries.log_pages import LogPage
from portal.terminal import StyledText


def page(text: str, first_error: int | None = None) -> LogPage:
    return LogPage(terminal.render(text), complete=True, first_error=first_error)


def numbered(lines: int) -> LogPage:
    return page("\n".join(f"line {number}" for number in range(1, lines + 1)))


def marked(window: LogWindow) -> dict[int, str]:
    return {line.number: line.css for line in window.lines if line.css}


def test_a_short_log_is_shown_whole() -> None:
    window = log_window.get_window(numbered(3))
    assert (window.total, window.first, window.last, window.earlier, window.later) == (3, 1, 3, None, None)
    assert len(window.lines) == 3


def test_an_empty_log_has_no_lines() -> None:
    assert log_window.get_window(page(" \n")).total == 0
    assert log_window.get_excerpt(page("")) is None
    assert log_window.get_excerpt(None) is None


@pytest.mark.parametrize("line", [600, 999, 1000, 1001, 1500, 2000, 2001, 2400])
def test_a_window_has_lines_on_both_sides_of_the_requested_one(line: int) -> None:
    window = log_window.get_window(numbered(3000), line=line)
    assert (window.first, window.last) == (line - WINDOW // 2, line + WINDOW // 2 - 1)
    assert (window.earlier, window.later) == (window.first - 1, window.last + 1)
    assert window.lines[line - window.first].spans[0].text == f"line {line}"
    assert window.current == line


@pytest.mark.parametrize(("line", "first"), [(1, 1), (300, 1), (2400, 1501), (2500, 1501), (99_999, 1501)])
def test_a_window_at_an_end_is_as_long_as_any_other(line: int, first: int) -> None:
    window = log_window.get_window(numbered(2500), line=line)
    assert (window.first, window.last) == (first, first + WINDOW - 1)
    assert window.current == min(line, 2500)


@pytest.mark.parametrize("total", [999, 1000, 1001, 2000, 2001])
def test_a_log_that_is_followed_shows_its_last_lines(total: int) -> None:
    window = log_window.get_window(numbered(total), from_end=True)
    assert (window.last, len(window.lines)) == (total, min(total, WINDOW))
    assert window.current is None


def test_earlier_and_later_lead_through_every_line() -> None:
    log, seen = numbered(5000), set[int]()
    line: int | None = 1
    while line:
        window = log_window.get_window(log, line=line)
        seen |= {each.number for each in window.lines}
        line = window.later
    assert seen == set(range(1, 5001))


def test_a_search_opens_at_its_first_match() -> None:
    window = log_window.get_window(numbered(2500), search="LINE 1500")
    assert (window.hits, window.current, window.position) == ([1500], 1500, 1)
    assert window.first == 1000
    assert marked(window) == {1500: "hit"}


def test_a_search_leads_to_the_matches_around() -> None:
    window = log_window.get_window(numbered(2500), search="line 100", line=1000)
    assert window.hits == [100, *range(1000, 1010)]
    assert (window.position, window.previous_hit, window.next_hit) == (2, 100, 1001)
    between = log_window.get_window(numbered(2500), search="line 100", line=500)
    assert (between.position, between.previous_hit, between.next_hit) == (None, 100, 1000)


def test_whatever_a_search_finds_is_shown() -> None:
    log = page("10%\r\x1b[31mdisk quota \x1b[0mexceeded\r\n\x1b]0;quota title\x07secret\rshown!\n")
    assert log_window.get_window(log, search="quota exceeded").hits == [1]
    assert log_window.get_window(log, search="title").hits == []
    assert log_window.get_window(log, search="secret").hits == []
    shown = ["".join(span.text for span in line.spans) for line in log_window.get_window(log).lines]
    assert shown == ["disk quota exceeded", "shown!"]


def test_millions_of_lines_and_matches_are_bounded() -> None:
    log = LogPage(StyledText.plain("y\n" * 2_000_000), complete=True)
    started = time.thread_time()
    window = log_window.get_window(log, line=1_500_000, search="y")
    assert time.thread_time() - started < 1
    assert (window.first, window.last, window.total) == (1_499_500, 1_500_499, 2_000_001)
    assert (len(window.hits), window.hit_count) == (log_window.MOST_HITS, "10000+")
    assert {line.css for line in window.lines} == {"hit"}


def test_a_log_opens_at_its_first_error() -> None:
    window = log_window.get_window(page("\n".join(["fine"] * 1200 + ["npm ERR! missing script"]), first_error=1201))
    assert (window.first_error, window.current, window.last) == (1201, 1201, 1201)
    assert marked(window) == {1201: "error"}


def test_who_followed_a_log_stays_at_its_end(rf: RequestFactory) -> None:
    ended = page("\n".join(["Error: early", *["fine"] * 3000]), first_error=1)
    followed = log_window.get_part(rf.get("/", {"seen": "1.00"}), ended, path="/", text_url="/")
    assert (followed.follows, followed.window.last, followed.window.current) == (False, 3001, None)
    opened = log_window.get_part(rf.get("/"), ended, path="/", text_url="/")
    assert (opened.window.first, opened.window.current) == (1, 1)


def test_very_long_lines_make_a_window_shorter() -> None:
    window = log_window.get_window(page("\n".join(["x" * 4000] * 3000)), line=1500)
    assert window.first < 1500 < window.last
    assert sum(len(span.text) for line in window.lines for span in line.spans) <= log_window.MOST_CHARACTERS


def test_an_excerpt_is_the_end_with_its_line_numbers() -> None:
    excerpt = log_window.get_excerpt(numbered(2500))
    assert excerpt is not None
    assert (excerpt.first, excerpt.last) == (2441, 2500)
    assert excerpt.lines[0].spans[0].text == "line 2441"


@pytest.mark.parametrize(("error", "shown"), [(1, (1, 60)), (90, (88, 147)), (2498, (2496, 2500))])
def test_an_excerpt_of_a_failure_begins_shortly_before_the_error(error: int, shown: tuple[int, int]) -> None:
    excerpt = log_window.get_excerpt(replace(numbered(2500), first_error=error))
    assert excerpt is not None
    assert (excerpt.first, excerpt.last) == shown
    assert marked(excerpt) == {error: "error"}


def test_fifty_thousand_lines_are_quick() -> None:
    long = page("\n".join(f"\x1b[32m{number}\x1b[0m copying" for number in range(50_000)))
    started = time.thread_time()
    log_window.get_window(long, search="49999")
    assert time.thread_time() - started < 1


def render(log: LogPage) -> str:
    source = '{% from "logs/_lines.html" import log_lines %}{{ log_lines(window) }}'
    template = engines["jinja2"].from_string(source)
    return str(template.render({"window": log_window.get_window(log)}))


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ("\x1b[1;32mok\x1b[0m  rest ", '<span class="ansi-bold ansi-green">ok</span>  rest </li>'),
        ("<script>alert(1)</script>", ">&lt;script&gt;alert(1)&lt;/script&gt;</li>"),
        ('\x1b[31m" onclick="x', '<span class="ansi-red">&#34; onclick=&#34;x</span></li>'),
        ("\x1b]8;;javascript:alert(1)\x07link", ">link</li>"),
    ],
)
def test_text_of_a_log_is_escaped_and_keeps_its_spaces(line: str, html: str) -> None:
    assert html in render(page(line))


def gap_page() -> LogPage:
    text = StyledText.plain("first\nsecond\nlast")
    return LogPage(text, complete=True, gap_line=2, gap_bytes=41_200_000)


def test_a_gap_is_described_where_it_is() -> None:
    html = render(gap_page())
    assert html.index("second") < html.index("41 MB are not shown.") < html.index("last")
    assert 'class="gap" value="2"' in html


def test_a_download_has_every_line_and_says_what_is_missing() -> None:
    response = log_window.download(gap_page(), name="log.txt")
    assert isinstance(response, HttpResponse)
    lines = response.content.decode().split("\n")
    assert (lines[0], lines[1], lines[3]) == ("first", "second", "last")
    assert "41 MB are not shown" in lines[2]
