"""The one address the key goes to, checked before anything is sent."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

_VERSIONED = re.compile(r"/v\d+\Z")
_HEADER = re.compile(r"[\x20-\x7e]*\Z")


class Base(NamedTuple):
    origin: str
    prefix: str

    @property
    def url(self) -> str:
        return self.origin + self.prefix


def read_base(text: str) -> Base:
    """`https://host`, with or without `/api/v1`; plain http for this machine only. ValueError in words."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("The base URL is no URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("The base URL must begin with https:// and name a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("The base URL must hold no user, query or fragment")
    if not host.isascii() or not re.fullmatch(r"[A-Za-z0-9._:\-]+", host):
        raise ValueError("The base URL's host must be plain ASCII")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("The base URL must be https, unless it is on this machine: the key would travel in the open")
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
    return Base(origin, _prefix(parts.path))


def _prefix(path: str) -> str:
    path = re.sub(r"/+", "/", path).rstrip("/")
    if _VERSIONED.search(path):
        return path
    return f"{path}/v1" if path.endswith("/api") else f"{path}/api/v1"


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def header_text(text: str, what: str, *, may_be_empty: bool = False) -> str:
    """`text` if it may stand in a header; the error names `what`, never the text."""
    if not _HEADER.match(text) or text != text.strip() or (not text and not may_be_empty):
        raise ValueError(f"The {what} must be plain ASCII without line breaks or outer spaces, and not empty")
    return text
