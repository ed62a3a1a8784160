"""Ids of deployments and versions in an address."""

import re
from urllib.parse import unquote

LONGEST = 128
STRUCTURE = re.compile(r"[/\\~]|^\.+$")
WRITTEN = re.compile(r"~([0-9A-F]{2})")


class IdInPath:
    """Path converter for an id whose form only the hosting service knows; written as in the addresses of pages.

    What a server or a client would take for structure is written `~2F`.
    """

    regex = r"[^/\x00-\x1f\x7f]+"

    def to_python(self, value: str) -> str:
        plain = WRITTEN.sub(lambda found: unquote(f"%{found[1]}"), value)
        if len(plain) > LONGEST or any(ord(letter) < 32 for letter in plain):
            raise ValueError
        return plain

    def to_url(self, value: str) -> str:
        return STRUCTURE.sub(lambda found: "".join(f"~{ord(letter):02X}" for letter in found[0]), value)
