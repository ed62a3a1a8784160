"""Select Graphic Rendition (ECMA-48, 8.3.117): how text is written, with any colour as one of eight names."""

from __future__ import annotations

import colorsys
from functools import lru_cache
from typing import Any, NamedTuple

NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
GREY = "grey"

# Where each begins on the circle of hues, in degrees.
_HUES = {0: "red", 18: "yellow", 75: "green", 165: "cyan", 200: "blue", 260: "magenta", 335: "red"}
_MOST_DIGITS = 6
_LEVELS = (0, 95, 135, 175, 215, 255)  # of the colour cube in xterm's palette of 256


class Link(NamedTuple):
    """A hyperlink (OSC 8). `number` tells two links with one address apart."""

    address: str
    number: int


class Style(NamedTuple):
    """Colours are one of `NAMES`, `GREY`, or "" for that of the page."""

    colour: str = ""
    background: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    inverse: bool = False
    link: Link | None = None


PLAIN = Style()
_FLAGS: dict[int, dict[str, bool]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"inverse": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"inverse": False},
    29: {"strike": False},
}
_TARGETS = {38: "colour", 48: "background", 58: ""}  # 58 is the colour of the underline, which is not shown


@lru_cache(maxsize=4096)
def apply_codes(style: Style, codes: str) -> Style:
    """The style after `CSI codes m`. A link goes on through a reset, as in terminals."""
    parameters = codes.split(";")
    while parameters:
        first, *more = (_to_int(each) for each in parameters.pop(0).split(":"))
        if first in _TARGETS:
            if not more:
                more = _take_colour(parameters)
            style = _with_colour(style, _TARGETS[first], more)
        elif first == 4 and more:
            style = style._replace(underline=more[0] != 0)
        else:
            style = _apply_code(style, first)
    return style


def find_name(red: int, green: int, blue: int) -> str:
    """The nearest name of a colour with parts from 0 to 255: by hue, or by lightness if it has hardly any."""
    hue, lightness, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    if lightness < 0.12:
        return "black"
    if lightness > 0.93:
        return "white"
    if saturation < 0.2:
        return "white" if lightness > 0.75 else GREY
    return next(name for begin, name in reversed(_HUES.items()) if hue * 360 >= begin)


def _apply_code(style: Style, code: int) -> Style:
    if code == 0:
        return PLAIN._replace(link=style.link)
    if code in _FLAGS:
        flags: dict[str, Any] = _FLAGS[code]
        return style._replace(**flags)
    if 30 <= code <= 37 or 90 <= code <= 97:
        return style._replace(colour=GREY if code == 90 else NAMES[code % 10])
    if 40 <= code <= 47 or 100 <= code <= 107:
        return style._replace(background=GREY if code == 100 else NAMES[code % 10])
    if code == 39:
        return style._replace(colour="")
    return style._replace(background="") if code == 49 else style


def _take_colour(parameters: list[str]) -> list[int]:
    """The parameters that follow 38, 48 or 58 in the form with semicolons; they are removed from `parameters`."""
    kind = _to_int(parameters[0]) if parameters else 0
    count = {2: 4, 5: 2}.get(kind, 1)
    taken = [_to_int(each) for each in parameters[:count]]
    del parameters[:count]
    return taken


def _with_colour(style: Style, target: str, parts: list[int]) -> Style:
    """`parts`: 5 and one of 256 colours; or 2, a colour space or none, and red, green, blue."""
    kind, *numbers = parts or [0]
    if kind == 5 and numbers:
        name = _find_indexed(numbers[0])
    elif kind == 2 and len(numbers) >= 3:
        red, green, blue = numbers[1:4] if len(numbers) > 3 else numbers
        name = find_name(min(red, 255), min(green, 255), min(blue, 255))
    else:
        return style
    if target == "colour":
        return style._replace(colour=name)
    return style._replace(background=name) if target else style


def _find_indexed(number: int) -> str:
    if number < 16:
        return GREY if number == 8 else NAMES[number % 8]
    if number < 232:
        red, green, blue = (_LEVELS[(number - 16) // each % 6] for each in (36, 6, 1))
        return find_name(red, green, blue)
    level = min(8 + 10 * (number - 232), 255)
    return find_name(level, level, level)


def _to_int(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0
