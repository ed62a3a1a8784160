"""One row of a terminal: pieces of text while it is only appended to, cells once something is written over."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import groupby

from portal.terminal.styles import PLAIN, Style

Piece = tuple[str, Style]


class _Widths(dict[str, int]):
    """Columns of a character: 2 for East Asian wide ones and emoji, 0 for what combines with the one before."""

    def __missing__(self, char: str) -> int:
        if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
            width = 0
        else:
            width = 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
        self[char] = width
        return width


_WIDTHS = _Widths()


def count_columns(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_WIDTHS.__getitem__, text))


class Row:
    """`width` is in columns. A cell is a character with what combines with it; the right half of a wide one is ""."""

    __slots__ = ("_cells", "_pieces", "_styles", "width")

    def __init__(self, text: str = "") -> None:
        self._pieces: list[Piece] = [(text, PLAIN)] if text else []
        self._cells: list[str] | None = None
        self._styles: list[Style] = []
        self.width = count_columns(text)

    def write(self, column: int, text: str, style: Style) -> int:
        """Returns the column after it. What is between the row's end and `column` is filled with spaces."""
        if column > self.width:
            self.write(self.width, " " * (column - self.width), PLAIN)
        if self._cells is None and column == self.width:
            self._pieces.append((text, style))
            self.width += count_columns(text)
            return self.width
        return self._overwrite(column, text, style)

    def cut(self, column: int) -> None:
        """Erase from `column` to the end."""
        if column <= 0:
            self._pieces, self._cells, self._styles, self.width = [], None, [], 0
        elif column < self.width:
            cells = self._open()
            if not cells[column]:
                cells[column - 1] = " "
            del cells[column:], self._styles[column:]
            self.width = column

    def shift(self, column: int, count: int) -> None:
        """Moves what is from `column` on by `count` columns: to the right behind spaces, or to the left over cells."""
        if column >= self.width:
            return
        cells = self._open()
        end = min(column - min(count, 0), len(cells))
        for edge in {column, end}:
            if edge < len(cells) and not cells[edge]:
                cells[edge - 1 : edge + 1] = "  "
        cells[column:end] = " " * max(count, 0)
        self._styles[column:end] = [PLAIN] * max(count, 0)
        self.width = len(cells)

    def list_pieces(self) -> Iterator[Piece]:
        if self._cells is None:
            yield from self._pieces
            return
        at = 0
        for style, group in groupby(self._styles):
            end = at + sum(1 for _ in group)
            yield "".join(self._cells[at:end]), style
            at = end

    def _overwrite(self, column: int, text: str, style: Style) -> int:
        cells = self._open()
        new: list[str] = []
        _add_cells(new, text)
        end = column + len(new)
        if column < len(cells) and not cells[column]:
            cells[column - 1] = " "
        if end < len(cells) and not cells[end]:
            cells[end] = " "
        cells[column:end] = new
        self._styles[column:end] = [style] * len(new)
        self.width = len(cells)
        return end

    def _open(self) -> list[str]:
        if self._cells is None:
            self._cells = []
            for text, style in self._pieces:
                _add_cells(self._cells, text)
                self._styles += [style] * (len(self._cells) - len(self._styles))
            self._pieces = []
        return self._cells


def _add_cells(cells: list[str], text: str) -> None:
    if text.isascii():
        cells += text
        return
    for char in text:
        width = _WIDTHS[char]
        if width:
            cells += (char, "")[:width]
        elif cells:
            cells[-1 if cells[-1] else -2] += char
