"""What a label consists of."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Label:
    """`css` is the class without its `is-`; `shape` the symbol in `components/sprite.html` without its `s-`."""

    css: str
    shape: str
    word: str | Promise
