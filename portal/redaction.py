"""Cleaning of logs: secrets, by name of the field, by pattern of the value, and by the values of our settings; and
characters that make one line look like several, or like another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

HIDDEN = "[hidden]"
SECRET_NAMES = re.compile(
    r"(?i)(authorization|cookie|csrf|token|password|passwd|secret|api_?key|private_?key|session_?key|^key$|^values?$|^vars$"
    r"|env_(vars|values)|^body$)"
)
SECRET_PATTERNS = re.compile(
    r"(?ix) \b msk_ [A-Za-z0-9_-]{4,}"  # keys of MIOSA
    r"| (?<= bearer \s) [^\s\"',;]+"
    r"| (?<= sessionid=) [^\s\"',;]+ | (?<= csrftoken=) [^\s\"',;]+"
    r"| (?<= /dns/) [A-Za-z0-9_-]{20,}"  # the public link for the person who runs the DNS
    r"| (?<= /invitations/) [A-Za-z0-9_-]{20,}"
    r"| (?<= /reset/key/) [A-Za-z0-9_-]{10,}"  # of a link to set a new password
    r"| (?<= /password/reset/) [0-9a-z]{1,13} - [0-9a-z]{4,} - [0-9a-f]{20,}"  # links in mails
    r"| (?<= /profile/email/) [A-Za-z0-9_:-]{20,}"
    r"| (?<= ://) [^/\s:@]+ : [^/\s@]+ (?=@)"  # user and password in a URL
)
# Control characters but tab and newline, which JSON escapes; line and paragraph separators, which it doesn't; marks
# that change the direction of text; and halves of surrogate pairs, which can't be written at all.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
MIN_LENGTH = 6  # shorter values may be ordinary words


class Redactor:
    """A structlog processor. It must be the last one before rendering, so that nothing is added after it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= MIN_LENGTH}, key=len, reverse=True)
        self.known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {self.clean_text(name): self.clean(value, name) for name, value in event.items()}

    def clean(self, value: Any, name: str = "") -> Any:
        if name and SECRET_NAMES.search(name):
            return HIDDEN
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self.clean_text(str(key)): self.clean(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(item) for item in value]
        return self.clean_text(value if isinstance(value, str) else repr(value))

    def clean_text(self, value: str) -> str:
        value = UNSAFE.sub("\ufffd", value)
        if self.known is not None:
            value = self.known.sub(HIDDEN, value)
        return SECRET_PATTERNS.sub(HIDDEN, value)
