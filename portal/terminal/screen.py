"""A terminal whose lines never wrap and never scroll away, so that a log can be read from its first line.

Two things differ from a real one, both so that nothing disappears that a reader would look for: clearing the screen
begins a new page below, and so does the first jump to an absolute row, whose meaning depends on an unknown height.
"""

from __future__ import annotations

import re

from portal.terminal import sequences
from portal.terminal.row import Row, count_columns
from portal.terminal.styled_text import Builder, StyledText
from portal.terminal.styles import PLAIN, Link, apply_codes

# How far a cursor moves at most: up from the newest row, and to the right of a row's text.
SCREEN_ROWS = 100
SCREEN_COLUMNS = 240
TAB = 8
# Sequences, and rows and cells that they add. What follows is shown without being interpreted: a log of 8 MB of nothing
# but sequences would take long.
MOST_WORK = 2_000_000
_CELLS_PER_WORK = 8
_FLUSHED_ROWS = 1000
_LONGEST_ADDRESS = 2000
_ALTERNATE_SCREEN = frozenset({"?47", "?1047", "?1049"})
_INDEX = "\x84"
_PRIVATE = frozenset("<=>?")
# (rows, columns) that the final character of a sequence moves the cursor by.
_UP, _DOWN, _RIGHT, _LEFT = (-1, 0), (1, 0), (0, 1), (0, -1)
_MOVES = {"A": _UP, "B": _DOWN, "C": _RIGHT, "D": _LEFT, "E": _DOWN, "F": _UP, "a": _RIGHT, "e": _DOWN}


class Screen:
    """Rows without a style are plain strings, since most rows of a log are."""

    def __init__(self) -> None:
        self._rows: list[str | Row] = [""]
        self._row = self._column = self._page = self._top = 0
        self._style = PLAIN
        self._links = 0
        self._saved = 0, 0, PLAIN
        self._last_row_of_region = 0
        self._has_page = self._is_below_region = False
        self._result = Builder()
        self.work = 0

    def feed(self, text: str) -> None:
        for found in sequences.TOKENS.finditer(text):
            self.work += 1
            if self.work > MOST_WORK:
                self._show_rest(text[found.start() :])
                return
            kind = found.lastgroup
            if kind == "text":
                self._print(found["text"])
            elif kind == "final":
                self._control(found["final"], found["codes"], is_plain=not found["inner"])
            elif kind == "move":
                self._move(found["move"])
            elif kind == "link":
                self._set_link(found["link"])
            elif kind == "escape":
                self._escape(found["escape"])

    def _show_rest(self, text: str) -> None:
        text = sequences.ANY_SEQUENCE.sub("", text.replace("\r", "\n").replace("\t", " "))
        self._rows += text.split("\n")

    def get_text(self) -> StyledText:
        """What was shown. Nothing can be fed afterwards."""
        self._finish(len(self._rows))
        return self._result.build()

    # --- Text ---

    def _print(self, text: str) -> None:
        first, *lines = text.split("\n")
        if first:
            self._write(first)
        if lines and self._is_below_region:
            self._is_below_region = False
            if line := lines.pop(0):
                self._write(line)
        if lines and self._style == PLAIN and self._row == len(self._rows) - 1:
            self._rows += lines
            self._row, self._column = len(self._rows) - 1, count_columns(lines[-1])
            self._top = max(self._top, self._row - SCREEN_ROWS + 1)
            self._flush()
            return
        for line in lines:
            self._feed_line()
            if line:
                self._write(line)
        self._flush()

    def _flush(self) -> None:
        """Finish the rows above the screen, which no cursor reaches any more."""
        done = self._top
        if done >= _FLUSHED_ROWS:
            self._finish(done)
            self._row -= done
            self._page -= done
            self._top = 0

    def _finish(self, count: int) -> None:
        for row in self._rows[:count]:
            for text, style in ((row, PLAIN),) if isinstance(row, str) else row.list_pieces():
                self._result.add(text, style)
            self._result.end_line()
        del self._rows[:count]

    def _write(self, text: str) -> None:
        if self._is_below_region:
            return
        row = self._get_row()
        self.work += max(self._column - row.width, 0) // _CELLS_PER_WORK
        self._column = row.write(self._column, text, self._style)

    def _get_row(self) -> Row:
        row = self._rows[self._row]
        if isinstance(row, str):
            row = self._rows[self._row] = Row(row)
        return row

    # --- The cursor ---

    def _move(self, controls: str) -> None:
        if controls[0] == "\r":
            self._column = 0
        elif controls[0] == "\b":
            self._column = max(self._column - len(controls), 0)
        elif controls[0] == "\t":
            self._go_to_column((self._column // TAB + len(controls)) * TAB)
        else:
            self._feed_line(column=self._column if controls == _INDEX else 0)

    def _feed_line(self, *, column: int = 0) -> None:
        self._go_to_row(self._row + 1, scrolls=True)
        self._column = column

    def _go_to_row(self, row: int, *, scrolls: bool = False) -> None:
        if scrolls and row >= self._top + SCREEN_ROWS:
            self._top += 1
        last = self._top + SCREEN_ROWS - 1
        self._row = max(min(row, last), self._first_row)
        missing = self._row + 1 - len(self._rows)
        if missing > 0:
            self.work += missing - 1
            self._rows += [""] * missing

    @property
    def _first_row(self) -> int:
        return max(self._top, self._page)

    def _go_to_column(self, column: int) -> None:
        width = _get_width(self._rows[self._row])
        self._column = max(min(column, max(width, SCREEN_COLUMNS - 1)), 0)

    def _go_to(self, row: int, column: int) -> None:
        """To an absolute position, counted from 1."""
        self._is_below_region = 0 < self._last_row_of_region < row
        if self._is_below_region:
            return
        if not self._has_page:
            self._begin_page()
        self._go_to_row(self._first_row + max(row, 1) - 1)
        self._go_to_column(max(column, 1) - 1)

    def _begin_page(self) -> None:
        self._has_page = True
        if _get_width(self._rows[-1]):
            self._rows.append("")
        self._page = self._top = self._row = len(self._rows) - 1
        self._column = 0

    def _save(self) -> None:
        self._saved = self._row - self._top, self._column, self._style

    def _restore(self) -> None:
        self._is_below_region = False
        row, column, self._style = self._saved
        self._go_to_row(self._top + row)
        self._go_to_column(column)

    # --- Sequences ---

    def _escape(self, final: str) -> None:
        if final == "7":
            self._save()
        elif final == "8":
            self._restore()
        elif final == "D":
            self._feed_line(column=self._column)
        elif final == "E":
            self._feed_line()
        elif final == "M":
            self._go_to_row(self._row - 1)
        else:
            self._style, self._last_row_of_region = PLAIN, 0
            self._begin_page()

    def _control(self, final: str, codes: str, *, is_plain: bool) -> None:
        if final in "hl" and codes in _ALTERNATE_SCREEN:
            self._begin_page()
        if not is_plain or codes[:1] in _PRIVATE:
            return
        if final == "m":
            self._style = apply_codes(self._style, codes)
            return
        first, second = (_to_int(each) for each in (*codes.split(";"), "", "")[:2])
        if final in _MOVES:
            rows, columns = (each * max(first, 1) for each in _MOVES[final])
            self._go_to_row(self._row + rows)
            self._go_to_column(0 if final in "EF" else self._column + columns)
        else:
            self._place_or_erase(final, first, second)

    def _place_or_erase(self, final: str, first: int, second: int) -> None:
        match final:
            case "G" | "`":
                self._go_to_column(max(first, 1) - 1)
            case "H" | "f":
                self._go_to(first, second)
            case "d":
                self._go_to(first, self._column + 1)
            case "s":
                self._save()
            case "u":
                self._restore()
            case "r":
                self._last_row_of_region, self._is_below_region = second, False
            case "J":
                self._erase_in_screen(first)
            case "K" if not self._is_below_region:
                self._erase_in_row(first)
            case "X" | "@" | "P" if not self._is_below_region:
                self._edit_row(final, max(first, 1))

    def _erase_in_row(self, kind: int) -> None:
        if kind == 1:
            self._erase_cells(0, self._column + 1)
        elif kind in (0, 2):
            self._get_row().cut(self._column if kind == 0 else 0)

    def _erase_cells(self, column: int, count: int) -> None:
        row = self._get_row()
        count = min(count, row.width - column)
        if count > 0:
            self.work += count // _CELLS_PER_WORK
            row.write(column, " " * count, PLAIN)

    def _edit_row(self, final: str, count: int) -> None:
        """Erase, insert or delete cells at the cursor."""
        if final == "X":
            self._erase_cells(self._column, count)
            return
        row = self._get_row()
        self.work += row.width // _CELLS_PER_WORK
        row.shift(self._column, min(count, SCREEN_COLUMNS) if final == "@" else -count)

    def _erase_in_screen(self, kind: int) -> None:
        is_whole = kind == 0 and self._has_page and (self._row, self._column) == (self._first_row, 0)
        if kind == 2 or is_whole:
            self._begin_page()
        elif kind == 0:
            self._get_row().cut(self._column)
            del self._rows[self._row + 1 :]
        elif kind == 1:
            for number in range(self._first_row, self._row):
                self._rows[number] = ""
            self.work += self._row - self._first_row
            self._erase_cells(0, self._column + 1)

    def _set_link(self, address: str) -> None:
        self._links += 1
        link = Link(address[:_LONGEST_ADDRESS], self._links) if address else None
        self._style = self._style._replace(link=link)


def render(raw: str) -> StyledText:
    """A log, or any text, as a terminal shows it in the end."""
    screen = Screen()
    screen.feed(sequences.normalize(raw))
    return screen.get_text()


def to_plain(raw: str) -> str:
    """The text alone."""
    return render(raw).text


def _get_width(row: str | Row) -> int:
    return row.width if isinstance(row, Row) else count_columns(row)


def _to_int(code: str) -> int:
    found = re.match(r"[0-9]{1,9}", code)
    return int(found[0]) if found else 0
