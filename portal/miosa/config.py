"""Checks what a client is configured with, before anything is sent."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

_VERSIONED = re.compile(r"/v\d+\Z")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*\Z")


class BaseURL(NamedTuple):
    """`origin` is the only host that gets the key; `prefix` ends with the API's version."""

    origin: str
    prefix: str

    def __str__(self) -> str:
        return self.origin + self.prefix


def parse_base_url(text: str) -> BaseURL:
    """`https://host`, with or without `/api/v1` (miosa-api.md 1). Plain http only for this machine.

    Raises ValueError with a sentence that names the mistake.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("The base URL is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("The base URL must begin with https:// and name a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("The base URL must not contain a user, query or fragment")
    if not host.isascii() or not re.fullmatch(r"[A-Za-z0-9._:\-]+", host):
        raise ValueError("The base URL's host must be plain ASCII")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("The base URL must be https, unless it is on this machine: the key would be sent unencrypted")
    host = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    return BaseURL(origin, _with_version(parts.path))


def _with_version(path: str) -> str:
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


def check_header_value(text: str, name: str, *, may_be_empty: bool = False) -> str:
    """`text` if a header can carry it. Raises ValueError, which names `name` and never the text."""
    if not _HEADER_VALUE.match(text) or text != text.strip() or (not text and not may_be_empty):
        raise ValueError(f"The {name} must be plain ASCII without line breaks or outer spaces, and not empty")
    return text
