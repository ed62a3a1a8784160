"""Path converters.

MIOSA's ids are opaque: one may hold a slash, a dot or a space. In a path, characters that servers and browsers take for
structure are written as `~2F`.
"""

import re
from urllib.parse import unquote

from django.urls.converters import StringConverter

MAX_LENGTH = 128
_STRUCTURAL = re.compile(r"[/\\~]|^\.+$")
_ESCAPED = re.compile(r"~([0-9A-F]{2})")


class OpaqueIdConverter:
    regex = r"[^/\x00-\x1f\x7f]+"

    def to_python(self, value: str) -> str:
        plain = _ESCAPED.sub(lambda match: unquote(f"%{match[1]}"), value)
        if len(plain) > MAX_LENGTH or any(ord(character) < 32 for character in plain):
            raise ValueError
        return plain

    def to_url(self, value: str) -> str:
        return escape_id(value)


def escape_id(value: str) -> str:
    return _STRUCTURAL.sub(lambda match: "".join(f"~{ord(character):02X}" for character in match[0]), value)


class Base36Converter(StringConverter):
    """The number of an account, as allauth writes it in links for a new password."""

    regex = "[0-9a-z]{1,13}"
