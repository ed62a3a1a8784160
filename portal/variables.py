"""Reading environment variables: one at a time, and without stopping at the first that is wrong."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

LOOPBACK = ("127.0.0.1", "localhost", "::1")
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
CACHE_SCHEMES = ("redis", "rediss")


class Reader:
    """Reads variables, remembers their names and defaults, and notes problems instead of raising."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.env = environ.Env()
        self.env.ENVIRON = {name: value for name, value in environment.items() if value.strip()}
        self.defaults: dict[str, str] = {}
        self.secret_names: set[str] = set()
        self.secrets: set[str] = set()
        self.problems: list[str] = []

    def problem(self, name: str, text: str) -> None:
        self.problems.append(f"{name}: {text}")

    def given(self, name: str) -> bool:
        return name in self.env.ENVIRON or f"{name}_FILE" in self.env.ENVIRON

    def text(self, name: str, default: str, valid: Callable[[str], str | None] = lambda value: None) -> str:
        self.defaults[name] = default
        return self._checked(name, self.env.str(name, default=default).strip(), default, valid)

    def secret(self, name: str, valid: Callable[[str], str | None] = lambda value: None) -> str:
        self.defaults[name] = ""
        self.secret_names.add(name)
        value = self._from_file(name) if f"{name}_FILE" in self.env.ENVIRON else self.env.str(name, default="")
        value = value.strip()
        parts = split(value)
        self.secrets |= {each for each in (value, parts and parts.password) if each}
        return self._checked(name, value, "", valid)

    def number(self, name: str, default: int, low: int, high: int) -> int:
        self.defaults[name] = str(default)
        given = self.env.str(name, default=str(default)).strip()
        if not re.fullmatch(r"[0-9]{1,9}", given) or not low <= int(given) <= high:
            self.problem(name, f"must be a whole number from {low} to {high}, not {given!r}")
            return default
        return int(given)

    def flag(self, name: str, default: bool) -> bool:
        words = {
            "true": True,
            "1": True,
            "yes": True,
            "on": True,
            "false": False,
            "0": False,
            "no": False,
            "off": False,
        }
        self.defaults[name] = "true" if default else "false"
        given = self.env.str(name, default=self.defaults[name]).strip().lower()
        if given not in words:
            self.problem(name, f"must be true or false, not {given!r}")
        return words.get(given, default)

    def names(self, name: str, default: list[str], valid: Callable[[str], str | None]) -> list[str]:
        self.defaults[name] = ",".join(default)
        given = [entry.strip() for entry in self.env.list(name, default=default) if entry.strip()]
        for entry in given:
            self._checked(name, entry, "", valid)
        return given

    def _checked(self, name: str, value: str, default: str, valid: Callable[[str], str | None]) -> str:
        wrong = valid(value) if value else None
        if wrong:
            self.problem(name, wrong)
            return default
        return value

    def _from_file(self, name: str) -> str:
        if name in self.env.ENVIRON:
            self.problem(name, f"is set together with {name}_FILE; keep one of them")
        path = Path(self.env.ENVIRON[f"{name}_FILE"].strip())
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.problem(f"{name}_FILE", f"can't be read ({type(error).__name__})")
            return ""


def one_of(choices: tuple[str, ...]) -> Callable[[str], str | None]:
    return lambda value: None if value in choices else f"must be one of {', '.join(choices)}, not {value!r}"


def at_least(length: int) -> Callable[[str], str | None]:
    return lambda value: None if len(value) >= length else f"must have at least {length} characters"


def at_most(length: int) -> Callable[[str], str | None]:
    return lambda value: None if len(value) <= length else f"must have at most {length} characters"


def valid_key(value: str) -> str | None:
    return None if re.fullmatch(r"[!-~]{8,512}", value) else "must be 8 to 512 visible characters without spaces"


def valid_base_url(value: str) -> str | None:
    parts = split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must be an address such as https://api.example.com"
    if parts.username or parts.query or parts.fragment:
        return "must be a bare address without user, query or fragment"
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return "must begin with https://, or the key would travel in the clear"
    return None


def valid_database_url(value: str) -> str | None:
    parts = split(value)
    if parts is None or parts.scheme not in DATABASE_SCHEMES or not parts.path.strip("/"):
        return "must be sqlite:////path/to/file or postgres://user:password@host:5432/name"
    return None


def valid_cache_url(value: str) -> str | None:
    parts = split(value)
    if parts is None or parts.scheme not in CACHE_SCHEMES or not parts.hostname:
        return "must be redis://host:6379/0 or rediss://…"
    return None


def valid_origin(value: str) -> str | None:
    parts = split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
        return f"must list origins such as https://deploys.example.com, not {value!r}"
    return None


def valid_host(value: str) -> str | None:
    if re.fullmatch(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\]", value):
        return None
    return f"must list host names without scheme or port, not {value!r}"


def valid_time_zone(value: str) -> str | None:
    return None if value in zoneinfo.available_timezones() else f"is no known time zone: {value!r}"


def split(value: str) -> Any:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts


def valid_resolver(value: str) -> str | None:
    host, _, port = value.partition(":") if value.count(":") == 1 else (value, "", "53")
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return f"must be addresses of DNS servers, like 192.0.2.53 or 192.0.2.53:5353, not {value!r}"
    return None if port.isdecimal() and 0 < int(port) < 65536 else f"has no such port: {value!r}"
