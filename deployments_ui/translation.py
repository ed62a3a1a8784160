"""`gettext` and `ngettext` with a cache: Django's take several microseconds, and a page shows hundreds of texts.

`language` is the active one. Looking it up takes most of the time, so a long list does that once.
"""

from __future__ import annotations

from functools import lru_cache

from django.utils import translation
from django.utils.translation import get_language


def gettext(text: str, language: str | None = None) -> str:
    return _gettext(text, language or get_language())


def ngettext(singular: str, plural: str, number: int, language: str | None = None) -> str:
    return _ngettext(singular, plural, number, language or get_language())


# `language` below only keeps the cached texts of two languages apart.


@lru_cache(maxsize=4096)
def _gettext(text: str, language: str | None) -> str:
    return translation.gettext(text)


@lru_cache(maxsize=4096)
def _ngettext(singular: str, plural: str, number: int, language: str | None) -> str:
    return translation.ngettext(singular, plural, number)
