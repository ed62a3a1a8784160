"""CSV files, written while their rows are read, so that their length does not matter."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextvars import copy_context

from django.http import StreamingHttpResponse

# A spreadsheet would run such a cell as a formula (OWASP, "CSV injection").
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
# Where a semicolon or a tab separates cells, which depends on the reader's region, a formula can follow one.
FORMULA_BEHIND = re.compile(r"([;\t\r\n]\s*)(?=[=+\-@＝＋－＠])")
ROWS_AT_ONCE = 100


class _Echo:
    """A file for csv.writer that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def respond(columns: Sequence[str], rows: Iterable[Sequence[object]], *, name: str) -> StreamingHttpResponse:
    """`name` is the file's, without its ending."""
    return stream(write_csv(columns, rows), name=f"{name}.csv", content_type="text/csv; charset=utf-8")


def stream(lines: Iterable[str], *, name: str, content_type: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_join(_in_this_context(iter(lines))), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """One line each, the names of the columns first."""
    writer = csv.writer(_Echo())
    yield "\ufeff"  # without it Excel takes UTF-8 for something else
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([make_harmless(value) for value in row])


def make_harmless(value: object) -> str:
    """As text that no spreadsheet runs. Nothing is an empty cell."""
    text = FORMULA_BEHIND.sub(r"\1'", "" if value in (None, {}) else str(value))
    return f"'{text}" if FORMULA.match(text) else text


def _in_this_context(lines: Iterator[str]) -> Iterator[str]:
    """Rows are written when the request has ended, and still in its language and with the words of its brand."""
    context = copy_context()
    return iter(lambda: context.run(next, lines, ""), "")


def _join(lines: Iterable[str]) -> Iterator[str]:
    """Many lines at once, since each piece is sent on its own."""
    pieces: list[str] = []
    for line in lines:
        pieces.append(line)
        if len(pieces) == ROWS_AT_ONCE:
            yield "".join(pieces)
            pieces.clear()
    yield "".join(pieces)
