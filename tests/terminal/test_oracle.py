"""Compares with pyte, another terminal emulator, on recorded output of real tools and on generated sequences.

Recorded with a terminal of 40 rows and 120 columns: git, npm, pip, apt, cargo, curl and wget. `layers.log` is written
by hand after docker, listr and pnpm. Generated sequences leave out what differs on purpose (clearing the screen and
absolute rows, which keep what was there), and where pyte is wrong: colours with colons, and writing over half of a wide
character.
"""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import terminal
from portal.terminal.screen import SCREEN_COLUMNS, SCREEN_ROWS

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.log"))

WORDS = st.sampled_from(["a", "bc", "done", "Layer 1", "50%", "é", "✓", "…"])
COUNTS = st.sampled_from(["", "0", "1", "2", "3", "7", "12", "70"])
CONTROLS = st.one_of(
    st.sampled_from(["\r", "\n", "\r\n", "\b", "\t", "\v", "\f", "\a", "\x7f", "x\n" * 45]),
    st.sampled_from(["\x1b7\x1b[1A", "\x1b8", "\x1bD", "\x1bE", "\x1b]0;title\a", "\x1b[?25l", "\x1b(B"]),
    st.builds("\x1b[{}{}".format, COUNTS, st.sampled_from("ABCDEFGaeX")),
    st.builds("\x1b[{}K".format, st.sampled_from(["", "0", "1", "2"])),
    st.builds("\x1b[{}J".format, st.sampled_from(["", "0", "1"])),
    st.builds("\x1b[{}m".format, st.sampled_from(["", "0", "31", "1;32", "38;5;9", "48;2;1;2;3"])),
)


def show_with_pyte(raw: str, *, rows: int) -> str:
    screen = pyte.HistoryScreen(SCREEN_COLUMNS, rows, history=100_000, ratio=0.5)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(raw)
    shown = [*screen.history.top, *(screen.buffer[row] for row in range(rows))]
    return trim("\n".join("".join(line[column].data for column in range(SCREEN_COLUMNS)) for line in shown))


def trim(text: str) -> str:
    """Without spaces at the ends of lines; composed, as pyte does it."""
    return normalize("NFC", "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_output_is_shown_as_by_pyte(path: Path) -> None:
    raw = path.read_bytes().decode()
    assert trim(terminal.to_plain(raw)) == show_with_pyte(raw, rows=40)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_output_that_was_cut_anywhere_leaves_no_controls(path: Path) -> None:
    raw = path.read_bytes().decode()
    for at in range(0, len(raw), max(len(raw) // 100, 1)):
        assert terminal.to_plain(raw[:at]).replace("\n", "").isprintable()
        assert terminal.to_plain(raw[at:]).replace("\n", "").isprintable()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(WORDS, CONTROLS), max_size=30).map("".join))
def test_generated_sequences_are_shown_as_by_pyte(raw: str) -> None:
    assert trim(terminal.to_plain(raw)) == show_with_pyte(raw, rows=SCREEN_ROWS)
