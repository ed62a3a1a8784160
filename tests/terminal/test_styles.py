"""Colours of a log become one of eight names; everything that may follow CSI and precede m is understood."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal import terminal
from portal.terminal import PLAIN, Run, StyledText
from portal.terminal.styles import apply_codes, find_name


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("31", {"colour": "red"}),
        ("1;32", {"bold": True, "colour": "green"}),
        ("91", {"colour": "red"}),
        ("90", {"colour": "grey"}),
        ("41;37", {"background": "red", "colour": "white"}),
        ("102", {"background": "green"}),
        ("38;5;1", {"colour": "red"}),
        ("38;5;208", {"colour": "yellow"}),
        ("38;5;240", {"colour": "grey"}),
        ("38:5:33", {"colour": "blue"}),
        ("38;2;250;10;40", {"colour": "red"}),
        ("38:2::0:200:80", {"colour": "green"}),
        ("38:2:0:200:80", {"colour": "green"}),
        ("48:2::200:0:200;1", {"background": "magenta", "bold": True}),
        ("48;2;1;2;3;1", {"background": "black", "bold": True}),
        ("4:3", {"underline": True}),
        ("4:3;4:0", {}),
        ("4;58:2::255:0:0;3", {"underline": True, "italic": True}),
        ("4;58;5;9;3", {"underline": True, "italic": True}),
        ("58;2;255;0;0;9", {"strike": True}),
        ("7;31", {"inverse": True, "colour": "red"}),
        ("1;2;3;4;7;9;22;23;24;27;29", {}),
        ("31;41;39;49", {}),
        ("31;0", {}),
        ("31;", {}),
        ("8;53;10;99", {}),
        # Incomplete, or of no meaning: nothing changes, and what follows counts.
        ("38", {}),
        ("38;5", {}),
        ("38;2;1;2", {}),
        ("38:2:1", {}),
        ("38;9;1", {"bold": True}),
        ("38;5;99999999", {"colour": "black"}),
        ("9999999999999999999999;1", {"bold": True}),
    ],
)
def test_codes_make_a_style(codes: str, style: dict[str, Any]) -> None:
    assert apply_codes(PLAIN, codes) == PLAIN._replace(**style)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((255, 0, 0), "red"),
        ((255, 165, 0), "yellow"),
        ((80, 250, 123), "green"),
        ((139, 233, 253), "cyan"),
        ((66, 133, 244), "blue"),
        ((189, 147, 249), "magenta"),
        ((255, 121, 198), "magenta"),
        ((128, 128, 128), "grey"),
        ((250, 250, 250), "white"),
        ((10, 10, 10), "black"),
    ],
)
def test_any_colour_has_the_nearest_name(rgb: tuple[int, int, int], name: str) -> None:
    assert find_name(*rgb) == name


def pieces(styled: StyledText) -> list[tuple[str, str]]:
    """(text, colour) of all that has a style."""
    return [(styled.text[run.start : run.end], run.style.colour) for run in styled.list_runs(0, len(styled.text))]


def test_a_style_lasts_over_lines_until_it_is_reset() -> None:
    assert pieces(terminal.render("\x1b[33mfirst\nsecond\x1b[m third")) == [("first", "yellow"), ("second", "yellow")]


def test_what_is_written_over_has_the_new_style() -> None:
    assert pieces(terminal.render("\x1b[31mfailed\r\x1b[32mok\x1b[0m")) == [("ok", "green"), ("iled", "red")]


def test_private_sequences_that_end_like_colours_are_none() -> None:
    assert pieces(terminal.render("\x1b[>31m\x1b[?31m\x1b[31 mx")) == []


def test_runs_of_a_part_are_cut_there_and_counted_from_it() -> None:
    styled = terminal.render("a\x1b[31mbcd\x1b[0mef\x1b[32mgh")
    red, green = PLAIN._replace(colour="red"), PLAIN._replace(colour="green")
    assert list(styled.list_runs(2, 7)) == [Run(0, 2, red), Run(4, 5, green)]
    assert list(styled.list_runs(4, 6)) == []


@pytest.mark.parametrize(
    ("raw", "text", "colours"),
    [
        ("\x1b[36ms3://a\x1b[0m kept", "[…] kept", [("[…]", "cyan")]),
        ("s3:\x1b[36m//\x1b[31ma\x1b[0m \x1b[32mkept", "[…] kept", [("[…]", "cyan"), ("kept", "green")]),
        ("\x1b[32mgo s3://a on", "go […] on", [("go […] on", "green")]),
        ("s3://a\x1b[31m red", "[…] red", [(" red", "red")]),
        ("\x1b[31mred \x1b[0ms3://a", "red […]", [("red ", "red")]),
        ("\x1b[31ms3://a s3://b\x1b[m s3://c", "[…] […] […]", [("[…] […]", "red")]),
    ],
)
def test_replacing_text_keeps_the_styles_around_it(raw: str, text: str, colours: list[tuple[str, str]]) -> None:
    styled = terminal.render(raw)
    found = styled.splice([(each.start(), each.end(), "[…]") for each in re.finditer(r"s3://\w", styled.text)])
    assert found.text == text
    assert pieces(found) == colours


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\x1b]8;;https://ci.test/1\x07View run\x1b]8;;\x07.", "View run (https://ci.test/1)."),
        ("\x1b]8;id=1;https://ci.test/1\x1b\\View \x1b[1mrun\x1b[0m\x1b]8;;\x1b\\.", "View run (https://ci.test/1)."),
        ("\x1b]8;;https://ci.test/1\x07https://ci.test/1\x1b]8;;\x07", "https://ci.test/1"),
        ("\x1b]8;;https://a.test\x07a\x1b]8;;https://b.test\x07b", "a (https://a.test)b (https://b.test)"),
        ("\x1b]8;;https://a.test\x07not closed\nnext", "not closed\nnext (https://a.test)"),
        ("\x1b]8;;\x07no link", "no link"),
    ],
)
def test_addresses_of_links_can_be_shown_as_text(raw: str, text: str) -> None:
    styled = terminal.render(raw)
    assert "https" not in styled.text or styled.text == text
    assert styled.show_links().text == text
