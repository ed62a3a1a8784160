"""A log of any length is shown through a window."""

import time

import pytest

from deployments_ui.drawing import logs


def text(lines: int) -> str:
    return "\n".join(f"line {number}" for number in range(1, lines + 1))


def test_a_short_log_is_shown_whole() -> None:
    log = logs.window(text(3))
    assert (log.total, log.first, log.last, log.earlier, log.later) == (3, 1, 3, None, None)
    assert log.lines.count("<li") == 3


def test_an_empty_log_has_no_lines() -> None:
    assert logs.window(" \n").total == 0


def test_a_window_opens_where_it_was_asked_for() -> None:
    log = logs.window(text(2500), line=1001)
    assert (log.first, log.last, log.earlier, log.later) == (1001, 2000, 1, 2001)
    assert logs.window(text(2500), line=99_999).first == 2001 or logs.window(text(2500), line=99_999).lines


def test_a_search_opens_at_its_first_hit() -> None:
    log = logs.window(text(2500), search="LINE 1500")
    assert log.hits == (1500,)
    assert log.first == 1001
    assert 'id="L1500" class="hit"' in log.lines


def test_the_first_error_is_found_and_marked() -> None:
    log = logs.window(f"{text(1200)}\nnpm ERR! missing script\nmore")
    assert log.first_error == 1201
    assert log.first == 1001
    assert 'id="L1201" class="wrong"' in log.lines


@pytest.mark.parametrize("line", ["0 errors", "no errors found", "errors: 0", "built in 3 s"])
def test_good_news_is_no_error(line: str) -> None:
    assert logs.first_error([line]) is None


@pytest.mark.parametrize(
    "line", ["Error: cannot find module", "FATAL: no", "Traceback (most recent call last):", "exited with code 1"]
)
def test_bad_news_is(line: str) -> None:
    assert logs.first_error(["fine", line]) == 2


def test_fifty_thousand_lines_are_quick() -> None:
    long = "\n".join(f"\x1b[32m{number}\x1b[0m copying" for number in range(50_000))
    begun = time.thread_time()
    logs.window(long, search="49999")
    assert time.thread_time() - begun < 2
