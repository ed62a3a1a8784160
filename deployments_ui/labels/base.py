"""What a label consists of."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.services.open_words import OTHER


@dataclass(frozen=True, slots=True)
class Label:
    """`css` is the class without its `is-`; `shape` the symbol in `components/sprite.html` without its `s-`."""

    css: str
    shape: str
    word: str | Promise


def open_word(word: str) -> str | Promise:
    """A word that this portal has no text for: the hosting service's own for staff, "Other" for customers."""
    if word == OTHER:
        return _("Other")
    return word or _("Unknown")
