"""Styles of a log as CSS classes. Each colour has enough contrast in both themes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portal.terminal import Run, Style

FLAGS = ("bold", "dim", "italic", "underline", "strike")
# Those of the page, so that black text can be read on a dark one.
OF_PAGE = frozenset({"", "black", "white"})


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one style; `css` is empty for plain text. The text is not escaped."""

    text: str
    css: str


def list_spans(line: str, runs: Iterable[Run]) -> Iterator[Span]:
    """`runs` are those of the line, in order."""
    at = 0
    for run in runs:
        if at < run.start:
            yield Span(line[at : run.start], "")
        yield Span(line[run.start : run.end], get_css(run.style))
        at = run.end
    if at < len(line):
        yield Span(line[at:], "")


def get_css(style: Style) -> str:
    """Text on a coloured background has the page's colour, since no pair of eight colours is always legible."""
    colour, background = style.colour, style.background
    if style.inverse:
        colour, background = background, colour if colour not in OF_PAGE else "inverse"
    names = [name for name in FLAGS if getattr(style, name)]
    if background not in OF_PAGE:
        names.append(f"on-{background}")
    elif colour not in OF_PAGE:
        names.append(colour)
    return " ".join(f"ansi-{name}" for name in names)
