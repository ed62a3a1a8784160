"""A log of any length is shown through a window."""

import time

import pytest
from django.template import engines

from deployments_ui import log_window


def text(lines: int) -> str:
    return "\n".join(f"line {number}" for number in range(1, lines + 1))


def marked(window: log_window.LogWindow) -> dict[int, str]:
    return {line.number: line.css for line in window.lines if line.css}


def test_a_short_log_is_shown_whole() -> None:
    window = log_window.get_window(text(3))
    assert (window.total, window.first, window.last, window.earlier, window.later) == (3, 1, 3, None, None)
    assert len(window.lines) == 3


def test_an_empty_log_has_no_lines() -> None:
    assert log_window.get_window(" \n").total == 0


def test_a_window_opens_at_the_requested_line() -> None:
    window = log_window.get_window(text(2500), line=1001)
    assert (window.first, window.last, window.earlier, window.later) == (1001, 2000, 1, 2001)


def test_a_line_after_the_end_shows_the_end() -> None:
    assert log_window.get_window(text(2500), line=99_999).lines[-1].number == 2500


def test_a_search_opens_at_its_first_match() -> None:
    window = log_window.get_window(text(2500), search="LINE 1500")
    assert window.hits == [1500]
    assert window.first == 1001
    assert marked(window) == {1500: "hit"}


def test_the_first_error_is_found_and_marked() -> None:
    window = log_window.get_window(f"{text(1200)}\nnpm ERR! missing script\nmore")
    assert window.first_error == 1201
    assert window.first == 1001
    assert marked(window) == {1201: "error"}


@pytest.mark.parametrize("line", ["0 errors", "no errors found", "errors: 0", "built in 3 s"])
def test_a_line_about_no_errors_is_none(line: str) -> None:
    assert log_window.find_error([line]) is None


@pytest.mark.parametrize(
    "line", ["Error: cannot find module", "FATAL: no", "Traceback (most recent call last):", "exited with code 1"]
)
def test_a_line_about_an_error_is_one(line: str) -> None:
    assert log_window.find_error(["fine", line]) == 2


def test_fifty_thousand_lines_are_quick() -> None:
    long = "\n".join(f"\x1b[32m{number}\x1b[0m copying" for number in range(50_000))
    started = time.thread_time()
    log_window.get_window(long, search="49999")
    assert time.thread_time() - started < 2


def render(text: str) -> str:
    source = '{% from "logs/_log.html" import log_lines %}{{ log_lines(window) }}'
    template = engines["jinja2"].from_string(source)
    return str(template.render({"window": log_window.get_window(text)}))


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ("\x1b[1;32mok\x1b[0m  rest ", '<li id="L1" ><span class="ansi-bold ansi-green">ok</span>  rest </li>'),
        ("<script>alert(1)</script>", '<li id="L1" >&lt;script&gt;alert(1)&lt;/script&gt;</li>'),
        ('\x1b[31m" onclick="x', '<li id="L1" ><span class="ansi-red">&#34; onclick=&#34;x</span></li>'),
    ],
)
def test_text_of_a_log_is_escaped_and_keeps_its_spaces(line: str, html: str) -> None:
    assert html in render(line)
