"""Text of any length with the styles of its parts, compact enough to be cached."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import msgspec

from portal.terminal.styles import PLAIN, Link, Style

Edit = tuple[int, int, str]
_Packed = tuple[str, bytes, bytes, bytes, tuple[Style, ...]]


class Run(NamedTuple):
    """Characters `start` to `end` of a text in one style."""

    start: int
    end: int
    style: Style


@dataclass(frozen=True, slots=True)
class StyledText:
    """`text` has its lines joined by line feeds. What has a style is in runs, in order: run number n is from character
    `starts[n]` to `ends[n]` in `palette[styles[n]]`. Arrays, since a log may have a million of them.
    """

    text: str
    starts: array[int]
    ends: array[int]
    styles: array[int]
    palette: tuple[Style, ...]

    @classmethod
    def plain(cls, text: str) -> StyledText:
        return cls(text, array("I"), array("I"), array("I"), ())

    def __add__(self, other: StyledText) -> StyledText:
        """Both, one line below the other."""
        offset = len(self.text) + 1
        return StyledText(
            f"{self.text}\n{other.text}",
            self.starts + array("I", (start + offset for start in other.starts)),
            self.ends + array("I", (end + offset for end in other.ends)),
            self.styles + array("I", (style + len(self.palette) for style in other.styles)),
            self.palette + other.palette,
        )

    def pack(self) -> bytes:
        """Compressed, for a cache. It must hold no half of a surrogate pair."""
        arrays = [each.tobytes() for each in (self.starts, self.ends, self.styles)]
        return zlib.compress(msgspec.msgpack.encode((self.text, *arrays, self.palette)), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> StyledText:
        text, starts, ends, styles, palette = msgspec.msgpack.decode(zlib.decompress(packed), type=_Packed)
        return cls(text, array("I", starts), array("I", ends), array("I", styles), palette)

    def wrap(self, columns: int) -> StyledText:
        """With lines that are longer than `columns` continued on the next one."""
        edits: list[Edit] = []
        at = 0
        for line in self.text.split("\n"):
            edits += ((at + cut, at + cut, "\n") for cut in range(columns, len(line), columns))
            at += len(line) + 1
        return self.splice(edits)

    def list_runs(self, start: int, end: int) -> Iterator[Run]:
        """The runs between two characters, cut there, counted from `start`."""
        for number in range(bisect_right(self.ends, start), bisect_left(self.starts, end)):
            style = self.palette[self.styles[number]]
            yield Run(max(self.starts[number], start) - start, min(self.ends[number], end) - start, style)

    def splice(self, edits: Sequence[Edit]) -> StyledText:
        """With (start, end, replacement) applied: in order, and not overlapping; an empty range inserts.

        A replacement has the style of what it replaces, and an insertion none.
        """
        if not edits:
            return self
        begins, stops, replacements = zip(*edits, strict=True)
        growth = (len(new) - (stop - begin) for begin, stop, new in edits)
        moved = list(accumulate(growth, initial=0))

        def move_start(at: int) -> int:
            index = bisect_right(begins, at) - 1
            inside = index >= 0 and at < stops[index]
            return begins[index] + moved[index] if inside else at + moved[index + 1]

        def move_end(at: int) -> int:
            index = bisect_left(begins, at) - 1
            inside = index >= 0 and at < stops[index]
            return stops[index] + moved[index + 1] if inside else at + moved[index + 1]

        starts, ends, styles, last = array("I"), array("I"), array("I"), 0
        for old_start, old_end, style in zip(self.starts, self.ends, self.styles, strict=True):
            start, end = max(move_start(old_start), last), move_end(old_end)
            if start < end:
                starts.append(start)
                ends.append(end)
                styles.append(style)
                last = end
        kept = (self.text[stop:begin] for stop, begin in zip((0, *stops), (*begins, None), strict=True))
        text = "".join(part for pair in zip(kept, (*replacements, ""), strict=True) for part in pair)
        return StyledText(text, starts, ends, styles, self.palette)

    def show_links(self) -> StyledText:
        """With the address of each link behind its text, unless the text is the address."""
        if not any(style.link for style in self.palette):
            return self
        shown: dict[Link, list[Run]] = {}
        for start, end, style in zip(self.starts, self.ends, self.styles, strict=True):
            link = self.palette[style].link
            if link:
                shown.setdefault(link, []).append(Run(start, end, self.palette[style]))
        edits = []
        for link, runs in shown.items():
            if "".join(self.text[run.start : run.end] for run in runs).strip() != link.address:
                edits.append((runs[-1].end, runs[-1].end, f" ({link.address})"))
        return self.splice(sorted(edits))


class Builder:
    """A StyledText while it grows."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._at = 0
        self._starts, self._ends, self._styles = array("I"), array("I"), array("I")
        self._palette: dict[Style, int] = {}

    def add(self, text: str, style: Style) -> None:
        start, self._at = self._at, self._at + len(text)
        self._texts.append(text)
        if style is PLAIN or style == PLAIN or not text:
            return
        number = self._palette.setdefault(style, len(self._palette))
        if self._ends and self._ends[-1] == start and self._styles[-1] == number:
            self._ends[-1] = self._at
            return
        self._starts.append(start)
        self._ends.append(self._at)
        self._styles.append(number)

    def end_line(self) -> None:
        self._texts.append("\n")
        self._at += 1

    def build(self) -> StyledText:
        """Without empty lines at the end."""
        text = "".join(self._texts).rstrip("\n")
        return StyledText(text, self._starts, self._ends, self._styles, tuple(self._palette))
