"""Text from outside, cleaned so that a column can store it: no control characters, not too long."""

import re
import unicodedata
from typing import Any

from django.db.models import Model

from portal import terminal

_DIRECTIONS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
# Letters and symbols without a shape.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def clean_line(value: str | None, *, most: int) -> str:
    """One line for people: what a terminal shows of it, trimmed; too long is cut with an ellipsis.

    Control characters that are left become a space, and what no column can store (half of a surrogate pair) a question
    mark.
    """
    text = make_storable(value or "")
    if _CONTROL.search(text):
        text = _CONTROL.sub(" ", terminal.to_plain(text))
    text = text.strip()
    return text if len(text) <= most else text[: most - 1] + "…"


def clean_name(value: str | None, *, most: int) -> str:
    """A line that people are to recognize: it can't turn what follows around. Empty if nothing of it is visible."""
    text = _DIRECTIONS.sub("", clean_line(value, most=most)).strip()
    is_visible = any(unicodedata.category(letter)[0] in "LNPS" and letter not in _BLANKS for letter in text)
    return text if is_visible else ""


def make_search_key(*values: str | None) -> str:
    """Lower-cased text for substring searches; composed (NFC), so that é is found however it was typed."""
    return unicodedata.normalize("NFC", " ".join(value for value in values if value)).casefold()


def make_storable(value: str) -> str:
    """Text from a URL with what no column can store replaced, so that it is just not found."""
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def fit_columns(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    """`values` with each text cut to its column of `model`, and NUL, which PostgreSQL refuses, replaced."""
    fitted = dict(values)
    for name, value in values.items():
        if isinstance(value, str):
            most = getattr(model._meta.get_field(name), "max_length", None)
            fitted[name] = value.replace("\x00", "\ufffd")[:most]
    return fitted
