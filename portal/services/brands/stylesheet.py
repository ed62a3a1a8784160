"""A brand's colours as CSS: custom properties of static/css/tokens.css. A stylesheet is addressed by its digest."""

import hashlib
from functools import lru_cache

from portal.services.brands import colors

_PROPERTIES = {"--accent": "text", "--accent-fill": "fill", "--accent-on": "on", "--accent-soft": "soft"}


@lru_cache(maxsize=256)
def write(accent: str, *, selector: str = ":root") -> str:
    palette = colors.make_palette(accent)
    lines = [
        f"    {name}: light-dark({getattr(palette.light, shade)}, {getattr(palette.dark, shade)});"
        for name, shade in _PROPERTIES.items()
    ]
    # In the layer of the tokens, behind them, so that it wins over these and over nothing else.
    return "\n".join(["@layer tokens {", f"  {selector} {{", *lines, "  }", "}", ""])


@lru_cache(maxsize=256)
def get_digest(accent: str) -> str:
    return hashlib.sha256(write(accent).encode()).hexdigest()[:20]
