"""Terminal colours as classes. Everything else a terminal would obey is dropped, and all text is escaped."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from typing import Any

SEQUENCE = re.compile(
    r"\x1b\[([0-9;:]*)m"  # colours and weight, the only ones understood
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


@dataclass(frozen=True, slots=True)
class Pen:
    """How the text that follows is written."""

    colour: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    under: bool = False

    @property
    def classes(self) -> str:
        marks = (("bold", self.bold), ("dim", self.dim), ("italic", self.italic), ("under", self.under))
        names = [name for name, worn in marks if worn]
        return " ".join(f"a-{name}" for name in [*names, self.colour] if name)


PLAIN = Pen()
WEIGHTS: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"under": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"under": False},
}


def strip(text: str) -> str:
    """The text as it would be read, without colours and control characters."""
    return CONTROL.sub("", overwritten(SEQUENCE.sub("", text)))


def overwritten(line: str) -> str:
    """What is left of a line that a progress bar wrote over again and again."""
    return line.rstrip("\r").rsplit("\r", 1)[-1] if "\r" in line else line


def draw(line: str, pen: Pen = PLAIN) -> tuple[str, Pen]:
    """One line as safe HTML, and the pen for the next one."""
    line = overwritten(line)
    if "\x1b" not in line:
        return ink(line, pen), pen
    drawn, at = [], 0
    for found in SEQUENCE.finditer(line):
        drawn.append(ink(line[at : found.start()], pen))
        at = found.end()
        if found[1] is not None:
            pen = turned(pen, found[1])
    return "".join([*drawn, ink(line[at:], pen)]), pen


def ink(text: str, pen: Pen) -> str:
    text = html.escape(CONTROL.sub("", text))
    return f'<span class="{pen.classes}">{text}</span>' if text and pen is not PLAIN and pen.classes else text


def turned(pen: Pen, codes: str) -> Pen:
    numbers = [int(code) if code.isdecimal() and len(code) < 4 else 0 for code in re.split("[;:]", codes)]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            pen = PLAIN
        elif code in WEIGHTS:
            pen = replace(pen, **WEIGHTS[code])
        elif 30 <= code <= 37 or 90 <= code <= 97:
            pen = replace(pen, colour=COLOURS[code % 10])
        elif code == 39:
            pen = replace(pen, colour="")
        elif code in (38, 48):
            pen, numbers = extended(pen, numbers, is_text=code == 38)
    return pen


def extended(pen: Pen, numbers: list[int], *, is_text: bool) -> tuple[Pen, list[int]]:
    """One of 256 colours, or any colour at all: the first sixteen are ours, the others go without."""
    if numbers[:1] == [2]:
        return pen, numbers[4:]
    if numbers[:1] == [5] and len(numbers) > 1:
        chosen = COLOURS[numbers[1] % 8] if numbers[1] < 16 else ""
        return (replace(pen, colour=chosen) if is_text else pen), numbers[2:]
    return pen, []
