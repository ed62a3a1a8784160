"""Styles of a log as CSS classes."""

import re
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from deployments_ui import ansi
from deployments_ui.ansi import Span
from portal import terminal
from portal.terminal.styles import GREY, NAMES, PLAIN


def spans(raw: str) -> list[Span]:
    styled = terminal.render(raw)
    return list(ansi.list_spans(styled.text, styled.list_runs(0, len(styled.text))))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plain", [("plain", "")]),
        ("", []),
        ("\x1b[31mred\x1b[0m rest", [("red", "ansi-red"), (" rest", "")]),
        ("\x1b[1;32mok\x1b[22mok", [("ok", "ansi-bold ansi-green"), ("ok", "ansi-green")]),
        ("\x1b[91mbright", [("bright", "ansi-red")]),
        ("\x1b[90mgrey\x1b[37mwhite", [("grey", "ansi-grey"), ("white", "")]),
        ("\x1b[38;5;200mpink\x1b[38;2;1;2;3mnone", [("pink", "ansi-magenta"), ("none", "")]),
        ("\x1b[30;42m PASS \x1b[0m", [(" PASS ", "ansi-on-green")]),
        ("\x1b[1;7;31m FAIL \x1b[0m", [(" FAIL ", "ansi-bold ansi-on-red")]),
        ("\x1b[7m key \x1b[0m", [(" key ", "ansi-on-inverse")]),
        ("\x1b[31;40mred", [("red", "ansi-red")]),
        ("\x1b[4:3;9mold", [("old", "ansi-underline ansi-strike")]),
        ("<script>alert(1)</script>", [("<script>alert(1)</script>", "")]),
    ],
)
def test_a_line_is_cut_into_spans(line: str, expected: list[tuple[str, str]]) -> None:
    assert spans(line) == [Span(*each) for each in expected]


@given(st.text(st.sampled_from("\x1b[]0123456789;m<>&\"'abc\r\x07\x00\\"), max_size=40))
def test_spans_hold_the_whole_text_and_only_our_classes(raw: str) -> None:
    found = spans(raw)
    assert "".join(span.text for span in found) == terminal.to_plain(raw)
    for span in found:
        assert re.fullmatch(r"(?:ansi-[a-z-]+ ?)*", span.css)


def test_each_class_has_a_rule() -> None:
    css = (Path(settings.BASE_DIR) / "static/css/logs.css").read_text()
    colours = ("", GREY, *NAMES)
    styles = [
        PLAIN._replace(colour=colour, background=background, inverse=inverse)
        for colour, background, inverse in product(colours, colours, (True, False))
    ]
    flags = PLAIN._replace(bold=True, dim=True, italic=True, underline=True, strike=True)
    used = {name for style in (*styles, flags) for name in ansi.get_css(style).split()}
    assert used <= set(re.findall(r"\.(ansi-[a-z-]+)", css))
