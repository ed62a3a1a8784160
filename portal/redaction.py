"""Keeps secrets out of logs: by the name of a field, by the look of a value, and by the very values we hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

HIDDEN = "[hidden]"
SECRET_NAMES = re.compile(
    r"(?i)(authorization|cookie|csrf|token|password|passwd|secret|api_?key|private_?key|session_?key|^key$|^values?$|^vars$"
    r"|env_(vars|values)|^body$)"
)
SECRET_LOOKS = re.compile(
    r"(?ix) \b msk_ [A-Za-z0-9_-]{4,}"  # keys of MIOSA
    r"| (?<= bearer \s) [^\s\"',;]+"
    r"| (?<= sessionid=) [^\s\"',;]+ | (?<= csrftoken=) [^\s\"',;]+"
    r"| (?<= /dns/) [A-Za-z0-9_-]{20,}"  # the link for whoever runs the DNS
    r"| (?<= ://) [^/\s:@]+ : [^/\s@]+ (?=@)"  # user and password of an address
)
SHORTEST = 6  # hiding shorter values would black out ordinary words


class Redactor:
    """The last processor before rendering, so that nothing is added after it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({each for each in secrets if len(each) >= SHORTEST}, key=len, reverse=True)
        self.known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {name: self.clean(value, name) for name, value in event.items()}

    def clean(self, value: Any, name: str = "") -> Any:
        if name and SECRET_NAMES.search(name):
            return HIDDEN
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(key): self.clean(each, str(key)) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(each) for each in value]
        return self.text(value if isinstance(value, str) else repr(value))

    def text(self, value: str) -> str:
        if self.known is not None:
            value = self.known.sub(HIDDEN, value)
        return SECRET_LOOKS.sub(HIDDEN, value)
