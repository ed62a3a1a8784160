"""The shades of a brand's colour that can be read in both themes, by the contrast of WCAG 2.2.

A colour is `#rrggbb`. What is too pale for the light theme is mixed with black, and what is too dark for the dark theme
with white, a little at a time, until the contrast suffices.
"""

import re
from dataclasses import dataclass

# What texts need, and what the edge of a button needs.
TEXT_CONTRAST = 4.5
SHAPE_CONTRAST = 3.0
HEX = re.compile(r"#[0-9a-f]{6}")

WHITE, BLACK = "#ffffff", "#000000"
# The steps 1 (the page) and 4 (what lies on it) of the neutral ramp in static/css/tokens.css.
LIGHT_PAGE, LIGHT_RAISED = "#fdfdfb", "#eceae7"
DARK_PAGE, DARK_RAISED = "#141210", "#282623"
_STEP = 0.02
# Below the pointer a button is mixed with that much of the ink: `.button.primary:hover` in components.css.
_HOVER = 0.1
_SOFT_LIGHT, _SOFT_DARK = 0.08, 0.16


@dataclass(frozen=True, slots=True)
class Shades:
    """The colours of one theme: of texts, of buttons, of texts on buttons, and of tinted surfaces."""

    text: str
    fill: str
    on: str
    soft: str


@dataclass(frozen=True, slots=True)
class Palette:
    """`light_contrast` and `dark_contrast` are those of the colour as given, as a text on the page."""

    light: Shades
    dark: Shades
    light_contrast: float
    dark_contrast: float

    @property
    def is_adjusted_for_light(self) -> bool:
        return self.light_contrast < TEXT_CONTRAST

    @property
    def is_adjusted_for_dark(self) -> bool:
        return self.dark_contrast < TEXT_CONTRAST


def make_palette(accent: str) -> Palette:
    return Palette(
        light=_make_shades(accent, page=LIGHT_PAGE, raised=LIGHT_RAISED, towards=BLACK, tint=_SOFT_LIGHT),
        dark=_make_shades(accent, page=DARK_PAGE, raised=DARK_RAISED, towards=WHITE, tint=_SOFT_DARK),
        light_contrast=get_contrast(accent, LIGHT_RAISED),
        dark_contrast=get_contrast(accent, DARK_RAISED),
    )


def get_contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    darker, lighter = sorted((_get_luminance(one), _get_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _make_shades(accent: str, *, page: str, raised: str, towards: str, tint: float) -> Shades:
    """`towards` is the colour of the theme's ink, which is what makes a colour stand out."""
    soft = mix(page, accent, tint)
    text = fill = accent
    share = 0.0
    while min(get_contrast(text, surface) for surface in (page, raised, soft)) < TEXT_CONTRAST:
        share += _STEP
        text = mix(accent, towards, share)
    share = 0.0
    while get_contrast(fill, page) < SHAPE_CONTRAST or _rate_best_label(fill, towards) < TEXT_CONTRAST:
        share += _STEP
        fill = mix(accent, towards, share)
    return Shades(text=text, fill=fill, on=_choose_label(fill, towards), soft=soft)


def _choose_label(fill: str, ink: str) -> str:
    return max(WHITE, BLACK, key=lambda label: _rate_label(label, fill, ink))


def _rate_best_label(fill: str, ink: str) -> float:
    return _rate_label(_choose_label(fill, ink), fill, ink)


def _rate_label(label: str, fill: str, ink: str) -> float:
    """The contrast of a button's text, with and without the pointer on it."""
    return min(get_contrast(label, fill), get_contrast(label, mix(fill, ink, _HOVER)))


def mix(color: str, other: str, share: float) -> str:
    """With this share of the other colour, 0 to 1."""
    share = min(share, 1.0)
    pairs = zip(_get_channels(color), _get_channels(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in pairs)


def _get_channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _get_luminance(color: str) -> float:
    """Relative luminance, 0 to 1, as WCAG defines it."""
    shares = (channel / 255 for channel in _get_channels(color))
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
