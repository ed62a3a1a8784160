"""Terminal colours of a log as CSS classes. Every other escape sequence and control character is removed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

SEQUENCE = re.compile(
    r"\x1b\[([0-9;:]*)m"  # colours and weight, the only ones that are shown
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


@dataclass(frozen=True, slots=True)
class Style:
    """How the text that follows is written."""

    colour: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False

    @property
    def css(self) -> str:
        flags = ("bold", self.bold), ("dim", self.dim), ("italic", self.italic), ("underline", self.underline)
        names = [name for name, is_on in flags if is_on]
        return " ".join(f"ansi-{name}" for name in [*names, self.colour] if name)


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one style; `css` is empty for plain text. The text is not escaped."""

    text: str
    css: str


PLAIN = Style()
WEIGHTS: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
}


def strip(text: str) -> str:
    """The text without colours and control characters."""
    return CONTROL.sub("", _last_overwrite(SEQUENCE.sub("", text)))


def parse_line(line: str, style: Style = PLAIN) -> tuple[list[Span], Style]:
    """The spans of one line that begins in `style`, and the style in which the next line begins."""
    line = _last_overwrite(line)
    texts, end = [], 0
    for found in SEQUENCE.finditer(line):
        texts.append((line[end : found.start()], style))
        end = found.end()
        if found[1] is not None:
            style = _apply(style, found[1])
    texts.append((line[end:], style))
    spans = [Span(CONTROL.sub("", text), text_style.css) for text, text_style in texts]
    return [span for span in spans if span.text], style


def _last_overwrite(line: str) -> str:
    """What a terminal shows of a line that a progress bar wrote over again and again."""
    return line.rstrip("\r").rsplit("\r", 1)[-1] if "\r" in line else line


def _apply(style: Style, codes: str) -> Style:
    numbers = [int(code) if code.isdecimal() and len(code) < 4 else 0 for code in re.split("[;:]", codes)]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            style = PLAIN
        elif code in WEIGHTS:
            style = replace(style, **WEIGHTS[code])
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = replace(style, colour=COLOURS[code % 10])
        elif code == 39:
            style = replace(style, colour="")
        elif code in (38, 48):
            style, numbers = _apply_extended(style, numbers, is_text=code == 38)
    return style


def _apply_extended(style: Style, numbers: list[int], *, is_text: bool) -> tuple[Style, list[int]]:
    """One of 256 colours, or an RGB one. The first sixteen of the 256 are shown, the others ignored."""
    if numbers[:1] == [2]:
        return style, numbers[4:]
    if numbers[:1] == [5] and len(numbers) > 1:
        colour = COLOURS[numbers[1] % 8] if numbers[1] < 16 else ""
        return (replace(style, colour=colour) if is_text else style), numbers[2:]
    return style, []
