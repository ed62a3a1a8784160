"""Configuration from environment variables, and from nothing else.

`load()` reads every variable once and collects whatever is wrong, so that a bad start names all its causes together.
A secret may also come from a file: `NAME_FILE=/run/secrets/name` stands for `NAME`.
"""

from __future__ import annotations

import difflib
import os
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ

from portal import secret_key

T = TypeVar("T")

LANGUAGES = ("en",)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
DEMO_KEY = "msk_test_demo"
CONTRACT_URL = "https://api.miosa.ai/api/v1"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
CACHE_SCHEMES = ("redis", "rediss")


class ConfigurationError(Exception):
    """Every problem of one start, each beginning with the name of its variable."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        listing = "\n".join(f"  * {problem}" for problem in self.problems)
        super().__init__(
            f"The portal can't start with these settings:\n{listing}\nREADME.md has the table of them all."
        )


@dataclass(frozen=True)
class Upstream:
    """Where MIOSA is and who we are there. With `is_demo` it is our own simulator."""

    base_url: str
    api_key: str = field(repr=False)
    tenant: str | None
    rpm: int
    is_demo: bool


@dataclass(frozen=True)
class Configuration:
    allowed_hosts: list[str]
    cache_url: str = field(repr=False)
    csrf_trusted_origins: list[str]
    database: dict[str, Any] = field(repr=False)
    debug: bool
    host: str
    https: bool
    language_code: str
    log_level: str
    metrics_token: str = field(repr=False)
    miosa: Upstream
    port: int
    portal_name: str
    secret_key: str = field(repr=False)
    simulator_port: int
    time_zone: str
    trusted_proxy_count: int
    var: Path
    web_threads: int
    web_workers: int
    secrets: frozenset[str] = field(repr=False)


class Reader:
    """Reads variables, remembers their names and defaults, and notes problems instead of raising."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.env = environ.Env()
        self.env.ENVIRON = {name: value for name, value in environment.items() if value.strip()}
        self.defaults: dict[str, str] = {}
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


def load(environment: Mapping[str, str] = os.environ, *, base: Path) -> Configuration:
    """The configuration, or a ConfigurationError that lists all problems."""
    reader = Reader(environment)
    configuration = read(reader, base=base)
    if reader.problems:
        raise ConfigurationError(reader.problems)
    return configuration


def read(reader: Reader, *, base: Path) -> Configuration:
    var = base / reader.text("VAR_DIR", "var")
    made_key = make_var(reader, var)
    simulator_port = reader.number("SIMULATOR_PORT", 9009, 1, 65535)
    port = reader.number("PORT", 8000, 1, 65535)
    if port == simulator_port:
        reader.problem("SIMULATOR_PORT", f"is {port}, which is PORT too; they must differ")
    miosa = read_upstream(reader, simulator_port=simulator_port)
    return Configuration(
        allowed_hosts=reader.names("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"], valid_host),
        cache_url=reader.secret("CACHE_URL", valid_cache_url),
        csrf_trusted_origins=reader.names("CSRF_TRUSTED_ORIGINS", [], valid_origin),
        database=read_database(reader, var=var, is_demo=miosa.is_demo),
        debug=reader.flag("DEBUG", default=False),
        host=reader.text("HOST", "127.0.0.1", valid_host),
        https=reader.flag("HTTPS", default=False),
        language_code=reader.text("LANGUAGE_CODE", "en", one_of(LANGUAGES)),
        log_level=reader.text("LOG_LEVEL", "INFO", one_of(LOG_LEVELS)),
        metrics_token=reader.secret("METRICS_TOKEN", at_least(16)),
        miosa=miosa,
        port=port,
        portal_name=reader.text("PORTAL_NAME", "Deploy desk", at_most(60)),
        secret_key=reader.secret("SECRET_KEY", at_least(50)) or made_key,
        simulator_port=simulator_port,
        time_zone=reader.text("TIME_ZONE", "UTC", valid_time_zone),
        trusted_proxy_count=reader.number("TRUSTED_PROXY_COUNT", 0, 0, 10),
        var=var,
        web_threads=reader.number("WEB_THREADS", 8, 1, 256),
        web_workers=reader.number("WEB_WORKERS", 2, 1, 64),
        secrets=frozenset(reader.secrets),
    )


def make_var(reader: Reader, var: Path) -> str:
    """The folder of everything we keep, and the signing key made in it."""
    try:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        return secret_key.find_or_make(var)
    except OSError as error:
        reader.problem("VAR_DIR", f"can't be written ({type(error).__name__}): {var}")
        return ""


def read_upstream(reader: Reader, *, simulator_port: int) -> Upstream:
    api_key = reader.secret("MIOSA_API_KEY", valid_key)
    base_url = reader.text("MIOSA_BASE_URL", CONTRACT_URL, valid_base_url)
    tenant = reader.text("MIOSA_TENANT", "", at_most(200))
    rpm = reader.number("MIOSA_RPM", 60, 1, 100_000)
    if reader.given("MIOSA_BASE_URL") and not reader.given("MIOSA_API_KEY"):
        reader.problem("MIOSA_API_KEY", "is missing although MIOSA_BASE_URL is set")
    for name in reader.env.ENVIRON:
        known = {*reader.defaults, *(f"{each}_FILE" for each in reader.defaults)}
        if name.startswith("MIOSA_") and name not in known and (near := difflib.get_close_matches(name, known, 1, 0.9)):
            reader.problem(name, f"is no setting; {near[0]} is")
    if not reader.given("MIOSA_API_KEY"):
        return Upstream(f"http://127.0.0.1:{simulator_port}/api/v1", DEMO_KEY, None, rpm, is_demo=True)
    return Upstream(with_api_path(base_url), api_key, tenant or None, rpm, is_demo=False)


def read_database(reader: Reader, *, var: Path, is_demo: bool) -> dict[str, Any]:
    """Django's settings of the database; the demo and the real thing never share one."""
    url = reader.secret("DATABASE_URL", valid_database_url)
    if not url:
        name = "demo.sqlite3" if is_demo else "portal.sqlite3"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(var / name)}
    if is_demo:
        reader.problem("DATABASE_URL", "is for a portal with MIOSA_API_KEY; the demo keeps its own file")
    return read_database_url(url)


def read_database_url(url: str) -> dict[str, Any]:
    return {"OPTIONS": {}, **environ.Env.db_url_config(url)}


def with_api_path(url: str) -> str:
    bare = url.rstrip("/")
    return bare if bare.endswith("/api/v1") else f"{bare}/api/v1"


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
