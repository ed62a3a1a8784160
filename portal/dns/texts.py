"""What the DNS part says to people: a code, parameters, and the English sentence that services may translate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from portal.dns.sentences import SENTENCES


@dataclass(frozen=True)
class Text:
    """`params` may hold other texts, and tuples of texts or words that are joined by commas."""

    code: str
    params: Mapping[str, str | int | Text | tuple[str | int | Text, ...]] = field(default_factory=dict)

    @property
    def template(self) -> str:
        return SENTENCES[self.code]

    @property
    def english(self) -> str:
        return render(self)

    def __str__(self) -> str:
        return self.english


def text(code: str, **params: str | int | Text | tuple[str | int | Text, ...]) -> Text:
    return Text(code, params)


def render(told: Text, translate: Callable[[str], str] = str) -> str:
    """The whole sentence; `translate` is gettext or nothing."""
    return translate(told.template) % {key: _word(value, translate) for key, value in told.params.items()}


def _word(value: str | int | Text | tuple[str | int | Text, ...], translate: Callable[[str], str]) -> str | int:
    if isinstance(value, tuple):
        return ", ".join(str(_word(each, translate)) for each in value)
    return render(value, translate) if isinstance(value, Text) else value
