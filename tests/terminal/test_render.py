"""What a terminal shows of a log in the end: cursor moves are applied, nothing else moves the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import terminal
from portal.terminal import screen, sequences

HOSTILE = st.text(
    st.sampled_from(list("\x1b[]0123456789;:?mKJHAG8kPX_\\<>&ab \r\n\b\t\x07\x00\x7f\x9b\x9d\u200b")), max_size=60
)
NOT_PLAIN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff]")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("first\n\n\nlast\n\n", "first\n\n\nlast"),
        ("a\tb", "a       b"),
        # What a carriage return alone would make disappear.
        ("\x1b[31mdisk quota exceeded\r\x1b[0m\n", "disk quota exceeded"),
        ("+added\x1b[31m\r\x1b[m\r\n-removed\r\n", "+added\n-removed"),
        ("windows\r\r\nlines\r\n", "windows\nlines"),
        # What is written over.
        ("10%\r50%\r100%\r", "100%"),
        ("100% done\rok", "ok0% done"),
        ("transforming…\x1b[2K\x1b[1G✓ 63 modules", "✓ 63 modules"),
        ("left over\r\x1b[Kshort", "short"),
        ("abcdef\x1b[3D\x1b[1K!", "   !ef"),
        ("abcdef\x1b[4G\x1b[Kx", "abcx"),
        ("abc\x1b[2Cd", "abc  d"),
        ("abcdef\r\x1b[2X", "  cdef"),
        # What is inserted or deleted, as by a shell that edits its line.
        ("ac\x1b[D\x1b[@b", "abc"),
        ("abcdef\x1b[3D\x1b[2P", "abcf"),
        ("日本語\x1b[5D\x1b[P|", " | 語"),
        ("a\x1b[9P\x1b[9@b", "ab"),
        ("\\|\b/\b-\bdone", "\\done"),
        ("e\x08e\u0301", "e\u0301"),
        # Wide characters take two columns, and half of one is a space.
        ("日本語\rab", "ab本語"),
        ("日本語\ra", "a 本語"),
        ("✓ ok\r✕", "✕ ok"),
        # Blocks that are drawn again and again, as by npm, pnpm, listr and docker.
        ("a: wait\nb: wait\n\x1b[2A\x1b[2Ka: done\n\x1b[2Kb: done\nnext\n", "a: done\nb: done\nnext"),
        ("a: 1\nb: 1\n\x1b[2A\r\x1b[Ka: 2\x1b[2B\rend", "a: 2\nb: 1\nend"),
        ("⠋ one\n⠋ two\n\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[G✔ both", "✔ both"),
        ("old\nblock\n\x1b[2F\x1b[Jnew", "new"),
        ("\x1b7a: 0%\x1b8a: 9%\x1b[s!\x1b[u?", "a: 9%?"),
        # Clearing the screen hides nothing that a reader of a log would look for.
        ("error: no space\x1b[2J\x1b[Hwatching", "error: no space\nwatching"),
        ("error: no space\n\x1bcwatching", "error: no space\nwatching"),
        ("\x1b[2J\x1b[Hone\x1b[H\x1b[Jtwo", "one\ntwo"),
        ("\x1b[?1049hmenu\x1b[?1049ldone", "menu\ndone"),
        # apt keeps a progress bar below the text that scrolls.
        (
            "\n\x1b7\x1b[0;23r\x1b8\x1b[1AUnpacking\r\n\x1b7\x1b[24;0f\x1b[42mProgress: [ 20%]\x1b[m\x1b8Done\r\n",
            "Unpacking\nDone",
        ),
        ("\x1b[1;23r\x1b[24;1fbar\nafter the bar\x1b[24;1fbar\x1b[1;23r!", "after the bar!"),
        # What is not text.
        ("\x1b]0;title\x07text\x1b]2;title\x1b\\", "text"),
        ("\x1bPq#0;2;0~~\x1b\\\x1b_Ga=T;aGk=\x1b\\\x1b^note\x1b\\\x1bXnote\x1b\\image", "image"),
        ("\x1bktitle\x1b\\\x1b(B\x1b=\x1b>\x1b#8\x1b[?25l\x1b[>4;2m\x1b[1 q\x0e\x0f\x00text", "text"),
        # What was cut, in the middle of a log and at its end.
        ("cut \x1b[38;5\nnext", "cut \nnext"),
        ("cut \x1b]8;;https://exam\nnext \x1b", "cut \nnext "),
        ("split \x1b[3\n1mred\x1b\n[0m", "split \nred\n"),
        # Characters from 0x80 are sequences, or text in a wrong encoding.
        ("\x9b31mred\x9b0m \x9d0;title\x9c\x85next", "red \nnext"),
        ("â\x80\x9dquotedâ\x80\x9d", "âquotedâ"),
    ],
)
def test_a_log_is_shown_as_in_a_terminal(raw: str, shown: str) -> None:
    assert terminal.to_plain(raw) == shown.rstrip("\n")


@pytest.mark.parametrize(
    "raw",
    [
        "mi\x1b[1mo\x1b[0msa",
        "mx\bi\x07o\x7fs\x84\x1b[1Aa",
        "MIosa\rmi",
        "m\bmi\bio\bos\bsa\ba",
        "mi\x1b]0;title\x07osa",
        "mi\x1bPdata\x1b\\osa",
        "mi\u200bo\u00ads\ufeff\u2060a",
        "mi\u200do\ufe0fs\U000e0061a",
        "mi\x90o\x98s\x1b%Ga",
        "sa\x1b[1Gmiosa",
        "xx\nmiosa\x1b[1F\x1b[2K\x1b[1B",
    ],
)
def test_a_word_is_whole_however_it_was_written(raw: str) -> None:
    assert "miosa" in terminal.to_plain(raw)


def test_other_scripts_and_emoji_keep_what_joins_them() -> None:
    text = "👩\u200d💻 ✔\ufe0f می\u200cخواهم"
    assert terminal.to_plain(text) == text


@given(HOSTILE)
def test_rendered_text_is_plain_and_rendering_it_again_changes_nothing(raw: str) -> None:
    text = terminal.to_plain(raw)
    assert not NOT_PLAIN.search(text)
    assert terminal.to_plain(text) == text.rstrip("\n")


@given(HOSTILE)
def test_runs_are_in_order_and_inside_the_text(raw: str) -> None:
    found = terminal.render(raw)
    ends = [0, *found.ends]
    assert all(last <= start < end for last, start, end in zip(ends, found.starts, found.ends, strict=False))
    assert ends[-1] <= len(found.text)


@pytest.mark.parametrize(
    "piece",
    [
        "\x1b", "\x1b[m", "\x1b[31mx", "\x1b]", "\x1b]8;;http://x\x07", "\x1bP", "\x9d", "a\r", "a\b", "\r", "\t", "\n",
        "\x1b[1000000000A", "\x1b[1000000000B", "\x1b[1000000000Cx", "\x1b[1000000000Gx\n", "x\x1b[1J\n", "xx\x1b[1K",
        "\x1b[99;99Hx\x1b[2J", "\x1b[100B\x1bc", "\x1b[3\r", "\x1b[" + "9" * 500, "日\r", "\x1b7\x1b[9B\x1b8",
    ],
)  # fmt: skip
def test_work_and_size_are_limited_whatever_a_log_repeats(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "MOST_WORK", 2000)
    raw = (piece * 40_000)[:40_000]
    rendered = screen.Screen()
    rendered.feed(sequences.normalize(raw))
    assert rendered.work <= 2000 + screen.SCREEN_COLUMNS
    assert len(rendered.get_text().text) <= len(raw) + 2000 * 10


def test_text_after_too_much_work_is_shown_without_its_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "MOST_WORK", 100)
    assert terminal.to_plain("a\r" * 100 + "\x1b[31mthe\terror\x1b[0m").endswith("\nthe error")
