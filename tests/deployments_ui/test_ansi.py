"""Logs come from other people's builds: colours are kept, every other escape sequence is removed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments_ui import ansi
from deployments_ui.ansi import Span

HOSTILE = st.text(st.sampled_from(list("\x1b[]0123456789;m<>&\"'abc\r\x07\x00\\")), max_size=40)


@pytest.mark.parametrize(
    ("line", "spans"),
    [
        ("plain", [("plain", "")]),
        ("", []),
        ("\x1b[31mred\x1b[0m rest", [("red", "ansi-red"), (" rest", "")]),
        ("\x1b[1;32mok\x1b[22mok", [("ok", "ansi-bold ansi-green"), ("ok", "ansi-green")]),
        ("\x1b[91mbright", [("bright", "ansi-red")]),
        ("\x1b[38;5;1mone\x1b[39m", [("one", "ansi-red")]),
        ("\x1b[38;5;200mno\x1b[38;2;1;2;3mno", [("no", ""), ("no", "")]),
        ("\x1b[48;5;4mno background\x1b[2K", [("no background", "")]),
        ("\x1b]0;title\x07text", [("text", "")]),
        ("10%\r50%\r100%\r", [("100%", "")]),
        ("<script>alert(1)</script>", [("<script>alert(1)</script>", "")]),
    ],
)
def test_a_line_is_parsed(line: str, spans: list[tuple[str, str]]) -> None:
    assert ansi.parse_line(line)[0] == [Span(*each) for each in spans]


def test_a_colour_lasts_over_lines() -> None:
    _spans, style = ansi.parse_line("\x1b[33mfirst")
    assert ansi.parse_line("second", style)[0] == [Span("second", "ansi-yellow")]


@given(HOSTILE)
def test_spans_hold_no_control_characters_and_only_our_classes(line: str) -> None:
    for span in ansi.parse_line(line)[0]:
        assert not re.search(r"[\x00-\x1f]", span.text)
        assert re.fullmatch(r"(?:ansi-[a-z]+ ?)*", span.css)


@given(HOSTILE)
def test_stripped_text_holds_no_control_characters(line: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", ansi.strip(line))
