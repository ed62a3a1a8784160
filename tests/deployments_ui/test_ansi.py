"""Logs come from strangers' builds: colours are kept, everything else is harmless."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments_ui import ansi

HOSTILE = st.text(st.sampled_from(list("\x1b[]0123456789;m<>&\"'abc\r\x07\x00\\")), max_size=40)


@pytest.mark.parametrize(
    ("line", "drawn"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m rest", '<span class="a-red">red</span> rest'),
        ("\x1b[1;32mok\x1b[22mok", '<span class="a-bold a-green">ok</span><span class="a-green">ok</span>'),
        ("\x1b[91mbright", '<span class="a-red">bright</span>'),
        ("\x1b[38;5;1mone\x1b[39m", '<span class="a-red">one</span>'),
        ("\x1b[38;5;200mno\x1b[38;2;1;2;3mno", "nono"),
        ("\x1b[48;5;4mno ground\x1b[2K", "no ground"),
        ("\x1b]0;title\x07text", "text"),
        ("10%\r50%\r100%\r", "100%"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ('\x1b[31m" onclick="x', '<span class="a-red">&quot; onclick=&quot;x</span>'),
    ],
)
def test_a_line_is_drawn(line: str, drawn: str) -> None:
    assert ansi.draw(line)[0] == drawn


def test_a_colour_lasts_over_lines() -> None:
    _, pen = ansi.draw("\x1b[33mbegun")
    assert ansi.draw("still", pen)[0] == '<span class="a-yellow">still</span>'


@given(HOSTILE)
def test_nothing_but_our_spans_comes_out(line: str) -> None:
    drawn, _ = ansi.draw(line)
    bare = re.sub(r'<span class="[a-z -]+">|</span>', "", drawn)
    assert not re.search(r"[<>\x00-\x1f]", bare)


@given(HOSTILE)
def test_stripped_text_holds_no_control(line: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", ansi.strip(line))
