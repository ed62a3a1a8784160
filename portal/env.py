"""Configuration from environment variables, and from nothing else.

`load()` reads every variable once and collects whatever is wrong, so that a bad start names all its causes together.
A secret may also come from a file: `NAME_FILE=/run/secrets/name` stands for `NAME`.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ

from portal import secret_key
from portal.permissions import OWNER_PERMISSIONS
from portal.variables import (
    Reader,
    at_least,
    at_most,
    one_of,
    valid_base_url,
    valid_cache_url,
    valid_database_url,
    valid_host,
    valid_key,
    valid_origin,
    valid_resolver,
    valid_time_zone,
)

LANGUAGES = ("en",)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
PUBLIC_RESOLVERS = ("1.1.1.1", "8.8.8.8", "9.9.9.9")
DEMO_KEY = "msk_test_demo"
CONTRACT_URL = "https://api.miosa.ai/api/v1"


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
    environments: tuple[str, ...] = ("production",)
    honours_idempotency: bool = True
    publish_by_bridge: bool = False
    deletes_env: bool = False


@dataclass(frozen=True)
class Dns:
    """Whom to ask about customers' domains. `instead` leads an address of a name server to where it is really asked."""

    resolvers: tuple[str, ...]
    instead: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Configuration:
    allowed_hosts: list[str]
    cache_url: str = field(repr=False)
    csrf_trusted_origins: list[str]
    database: dict[str, Any] = field(repr=False)
    debug: bool
    dns: Dns
    host: str
    https: bool
    language_code: str
    log_level: str
    metrics_token: str = field(repr=False)
    miosa: Upstream
    owners_may_not: frozenset[str]
    port: int
    portal_name: str
    secret_key: str = field(repr=False)
    simulator_dns_port: int
    simulator_port: int
    time_zone: str
    trusted_proxy_count: int
    var: Path
    web_threads: int
    web_workers: int
    secrets: frozenset[str] = field(repr=False)


def load(environment: Mapping[str, str] = os.environ, *, base: Path) -> Configuration:
    """The configuration, or a ConfigurationError that lists all problems."""
    reader = Reader(environment)
    configuration = read(reader, base=base)
    require_extras(reader, configuration)
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
    simulator_dns_port = reader.number("SIMULATOR_DNS_PORT", beside(simulator_port), 1, 65535)
    miosa = read_upstream(reader, simulator_port=simulator_port)
    return Configuration(
        allowed_hosts=reader.names("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"], valid_host),
        cache_url=reader.secret("CACHE_URL", valid_cache_url),
        csrf_trusted_origins=reader.names("CSRF_TRUSTED_ORIGINS", [], valid_origin),
        database=read_database(reader, var=var, is_demo=miosa.is_demo),
        debug=reader.flag("DEBUG", default=False),
        dns=read_dns(reader, is_demo=miosa.is_demo, port=simulator_dns_port),
        host=reader.text("HOST", "127.0.0.1", valid_host),
        https=reader.flag("HTTPS", default=False),
        language_code=reader.text("LANGUAGE_CODE", "en", one_of(LANGUAGES)),
        log_level=reader.text("LOG_LEVEL", "INFO", one_of(LOG_LEVELS)),
        metrics_token=reader.secret("METRICS_TOKEN", at_least(16)),
        miosa=miosa,
        owners_may_not=frozenset(
            reader.names("OWNERS_MAY_NOT", [], one_of(tuple(right.value for right in OWNER_PERMISSIONS)))
        ),
        port=port,
        portal_name=reader.text("PORTAL_NAME", "Deploy desk", at_most(60)),
        secret_key=reader.secret("SECRET_KEY", at_least(50)) or made_key,
        simulator_dns_port=simulator_dns_port,
        simulator_port=simulator_port,
        time_zone=reader.text("TIME_ZONE", "UTC", valid_time_zone),
        trusted_proxy_count=reader.number("TRUSTED_PROXY_COUNT", 0, 0, 10),
        var=var,
        web_threads=reader.number("WEB_THREADS", 8, 1, 256),
        web_workers=reader.number("WEB_WORKERS", 2, 1, 64),
        secrets=frozenset(reader.secrets),
    )


def read_dns(reader: Reader, *, is_demo: bool, port: int) -> Dns:
    """In the demo every question goes to the simulator's own name server."""
    resolvers = tuple(reader.names("DNS_RESOLVERS", list(PUBLIC_RESOLVERS), valid_resolver))
    if not is_demo:
        return Dns(resolvers)
    simulated = f"127.0.0.1:{port}"
    return Dns((simulated,), (("127.0.0.1", simulated),))


def beside(simulator_port: int) -> int:
    """The name server's port follows the simulator's, so that two demos side by side need one choice each."""
    return simulator_port + 44 if simulator_port + 44 < 65536 else simulator_port - 44


def make_var(reader: Reader, var: Path) -> str:
    """The folder of everything we keep, and the signing key made in it."""
    try:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        return secret_key.find_or_make(var)
    except OSError as error:
        reader.problem("VAR_DIR", f"can't be written ({type(error).__name__}): {var}")
        return ""


def require_extras(reader: Reader, configuration: Configuration) -> None:
    """Some settings need a library that the plain installation leaves out."""
    for name, wanted, module, extra in (
        ("CACHE_URL", bool(configuration.cache_url), "redis", "redis"),
        ("DATABASE_URL", "postgresql" in configuration.database.get("ENGINE", ""), "psycopg", "postgres"),
        ("METRICS_TOKEN", bool(configuration.metrics_token), "prometheus_client", "metrics"),
    ):
        if wanted and find_spec(module) is None:
            reader.problem(name, f"needs the extra {extra!r}: install requirements/scale.txt")


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
    habits: dict[str, Any] = {
        "environments": tuple(reader.names("MIOSA_ENVIRONMENTS", ["production"], at_most(60))),
        "honours_idempotency": reader.flag("MIOSA_HONOURS_IDEMPOTENCY", default=True),
        "deletes_env": reader.flag("MIOSA_DELETES_ENV", default=False),
        "publish_by_bridge": reader.flag("MIOSA_PUBLISH_BY_BRIDGE", default=False),
    }
    if not reader.given("MIOSA_API_KEY"):
        return Upstream(f"http://127.0.0.1:{simulator_port}/api/v1", DEMO_KEY, None, rpm, is_demo=True, **habits)
    return Upstream(with_api_path(base_url), api_key, tenant or None, rpm, is_demo=False, **habits)


def read_database(reader: Reader, *, var: Path, is_demo: bool) -> dict[str, Any]:
    """Django's settings of the database; the demo and the real thing never share one."""
    url = reader.secret("DATABASE_URL", valid_database_url)
    prepares = reader.flag("DATABASE_PREPARED_STATEMENTS", default=True)
    if not url:
        name = "demo.sqlite3" if is_demo else "portal.sqlite3"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(var / name)}
    if is_demo:
        reader.problem("DATABASE_URL", "is for a portal with MIOSA_API_KEY; the demo keeps its own file")
    return read_database_url(url, prepares=prepares)


def read_database_url(url: str, *, prepares: bool = True) -> dict[str, Any]:
    """`prepares`: PostgreSQL keeps what a connection asks again and again, parsed and planned."""
    database = environ.Env.db_url_config(url)
    if "postgresql" not in database["ENGINE"]:
        return {"OPTIONS": {}, **database}
    told = {"server_side_binding": True, "prepare_threshold": 5} if prepares else {}
    return {**database, "CONN_HEALTH_CHECKS": True, "OPTIONS": {**told, **database.get("OPTIONS", {})}}


def with_api_path(url: str) -> str:
    bare = url.rstrip("/")
    return bare if bare.endswith("/api/v1") else f"{bare}/api/v1"
