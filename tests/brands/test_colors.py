"""A brand's colour: whatever it is, texts and buttons can be read in both themes."""

from __future__ import annotations

import math
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from portal.services.brands import colors, stylesheet
from portal.services.mails import html

TOKENS = (Path(__file__).parents[2] / "static" / "css" / "tokens.css").read_text()
COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(accent=COLORS)
def test_every_colour_can_be_read(accent: str) -> None:
    palette = colors.make_palette(accent)
    themes = (
        (palette.light, (colors.LIGHT_PAGE, colors.LIGHT_RAISED)),
        (palette.dark, (colors.DARK_PAGE, colors.DARK_RAISED)),
    )
    for shades, surfaces in themes:
        for surface in (*surfaces, shades.soft):
            assert colors.get_contrast(shades.text, surface) >= colors.TEXT_CONTRAST
        assert colors.get_contrast(shades.on, shades.fill) >= colors.TEXT_CONTRAST
        assert colors.get_contrast(shades.fill, surfaces[0]) >= colors.SHAPE_CONTRAST


@given(accent=COLORS)
def test_a_colour_that_can_be_read_is_used_as_it_is(accent: str) -> None:
    palette = colors.make_palette(accent)
    assert palette.is_adjusted_for_light or palette.light.text == accent or palette.light.soft != colors.LIGHT_PAGE


def test_contrast_is_that_of_wcag() -> None:
    assert colors.get_contrast("#000000", "#ffffff") == 21
    assert round(colors.get_contrast("#777777", "#ffffff"), 2) == 4.48


def test_the_surfaces_are_those_of_the_stylesheet() -> None:
    page, raised = read_token("--n1"), read_token("--n4")
    assert page == (colors.LIGHT_PAGE, colors.DARK_PAGE)
    assert raised == (colors.LIGHT_RAISED, colors.DARK_RAISED)


def test_mails_without_a_brand_have_the_blue_of_the_stylesheet() -> None:
    assert colors.get_contrast(html.PLAIN_ACCENT, read_token("--accent")[0]) < 1.2


def test_a_brand_sets_all_that_the_stylesheet_says_it_may() -> None:
    names = set(re.findall(r"--accent[a-z-]*", TOKENS))
    assert set(re.findall(r"--[a-z-]+(?=:)", stylesheet.write("#c2410c"))) == names


def read_token(name: str) -> tuple[str, str]:
    """The colours of a custom property in the light and the dark theme."""
    found = re.search(rf"{name}: light-dark\(oklch\(([^)]*)\), oklch\(([^)]*)\)\)", TOKENS)
    assert found
    return to_hex(found[1]), to_hex(found[2])


def to_hex(oklch: str) -> str:
    """Björn Ottosson's conversion, https://bottosson.github.io/posts/oklab/."""
    lightness, chroma, hue = (float(number.rstrip("%")) for number in oklch.split())
    lightness /= 100
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    channels = (12.92 * each if each <= 0.0031308 else 1.055 * each ** (1 / 2.4) - 0.055 for each in linear)
    return "#" + "".join(f"{round(255 * min(1, max(0, channel))):02x}" for channel in channels)
