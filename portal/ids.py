"""Ids in an address, for both faces.

The hosting service's ids are opaque: one may hold a slash, a dot or a space. In a path they are written with `~2F` for
what a server or a browser would read as structure.
"""

import re
from urllib.parse import unquote

LONGEST = 128
_STRUCTURE = re.compile(r"[/\\~]|^\.+$")
_WRITTEN = re.compile(r"~([0-9A-F]{2})")


class OpaqueId:
    """Path converter for an id whose form only the hosting service knows."""

    regex = r"[^/\x00-\x1f\x7f]+"

    def to_python(self, value: str) -> str:
        plain = _WRITTEN.sub(lambda found: unquote(f"%{found[1]}"), value)
        if len(plain) > LONGEST or any(ord(letter) < 32 for letter in plain):
            raise ValueError
        return plain

    def to_url(self, value: str) -> str:
        return in_path(value)


def in_path(value: str) -> str:
    return _STRUCTURE.sub(lambda found: "".join(f"~{ord(letter):02X}" for letter in found[0]), value)
