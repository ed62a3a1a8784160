"""Types of settings, and how their texts are checked.

Each `check_` function returns its value or raises a ValueError. Its text is shown after the name of the variable, and
never repeats a value that may hold a password.
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from portal.permissions import Role
from portal.token_keys import parse_public_key

LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"


def list_languages() -> tuple[str, ...]:
    """English, which the texts are written in, and each language that has a folder in `locale/`."""
    return ("en", *sorted(path.name for path in LOCALE_DIR.glob("*") if path.is_dir()))


def is_loopback(host: str) -> bool:
    """Whether only this machine can use the name or address. `[::1]` may be written with or without brackets."""
    bare = host.strip("[]")
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost" or bare.endswith(".localhost")


def get_host(value: str) -> str:
    """The host of an origin such as `http://localhost:8000`, or of a plain host name."""
    return urlsplit(value).hostname or "" if "://" in value else value


def parse_url(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts


def require_package(package: str, *, extra: str) -> None:
    if find_spec(package) is None:
        raise ValueError(f"needs the extra {extra!r}: install requirements/scale.txt")


def check_api_key(value: str) -> str:
    if not re.fullmatch(r"[!-~]{8,512}", value):
        raise ValueError("must be 8 to 512 visible ASCII characters without spaces")
    return value


def check_base_url(value: str) -> str:
    """A URL of MIOSA, with or without `/api/v1`; returned with it."""
    parts = parse_url(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a URL such as https://api.example.com")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("must be a URL without user, query or fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must begin with https://, since the API key is sent to it")
    return value.rstrip("/").removesuffix("/api/v1") + "/api/v1"


def check_cache_url(value: str) -> str:
    parts = parse_url(value)
    if parts is None or parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise ValueError("must be redis://host:6379/0 or rediss://…")
    require_package("redis", extra="redis")
    return value


def check_database_url(value: str) -> str:
    parts = parse_url(value)
    if parts is None or parts.scheme not in {"sqlite", "postgres", "postgresql"} or not parts.path.strip("/"):
        raise ValueError("must be sqlite:////path/to/file or postgres://user:password@host:5432/name")
    if parts.scheme != "sqlite":
        require_package("psycopg", extra="postgres")
    return value


def check_host(value: str) -> str:
    if not re.fullmatch(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\]", value):
        raise ValueError(f"must be a host name without scheme or port, not {value!r}")
    return value


def check_language(value: str) -> str:
    if value not in list_languages():
        raise ValueError(f"must be one of {', '.join(list_languages())}, not {value!r}")
    return value


def check_metrics_token(value: str) -> str:
    if len(value) < 16:
        raise ValueError("must have at least 16 characters")
    require_package("prometheus_client", extra="metrics")
    return value


def check_origin(value: str) -> str:
    parts = parse_url(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
        raise ValueError(f"must be an origin such as https://deploys.example.com, not {value!r}")
    if not parts.netloc.isascii():
        raise ValueError(f"must have its host name as browsers send it, beginning with xn--, not {value!r}")
    return value


def check_resolver(value: str) -> str:
    """An IP address, with a port where it is not 53: `192.0.2.53:5353`."""
    host, _, port = value.partition(":") if value.count(":") == 1 else (value, "", "53")
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        raise ValueError(f"must be the address of a DNS server, such as 192.0.2.53:5353, not {value!r}") from None
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f"must have a port from 1 to 65535, not {value!r}")
    return value


def check_secret_key(value: str) -> str:
    if len(value) < 50:
        raise ValueError("must have at least 50 characters")
    return value


def check_time_zone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        raise ValueError(f"must be a time zone such as Europe/Berlin, not {value!r}")
    return value


def check_email(value: str) -> str:
    try:
        validate_email(value)
    except ValidationError:
        raise ValueError(f"must be an e-mail address, not {value!r}") from None
    return value


def check_issuer_url(value: str) -> str:
    """A URL that the portal or a browser opens: https, or http on this machine."""
    parts = parse_url(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError("must be a URL such as https://login.example.com")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must begin with https://")
    return value


def check_portal_url(value: str) -> str:
    return check_origin(value.rstrip("/"))


def check_public_key(value: str) -> str:
    parse_public_key(value)
    return value


def check_role(value: str) -> str:
    roles = [role.value for role in Role]
    if value not in roles:
        raise ValueError(f"must be a list of {', '.join(roles)}, not {value!r}")
    return value


def check_shared_secret(value: str) -> str:
    if len(value) < 32:
        raise ValueError("must have at least 32 characters")
    return value


def check_smtp_url(value: str) -> str:
    parts = parse_url(value)
    if parts is None or parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError("must be smtp://user:password@host:587 or smtps://…")
    if not unquote(f"{parts.username}{parts.password}").isascii():
        raise ValueError("must have a user name and a password of ASCII characters, since smtplib sends no others")
    return value


def split_list(value: Any) -> Any:
    return [entry.strip() for entry in value.split(",") if entry.strip()] if isinstance(value, str) else value


EMPTY_KEY = "is set but empty; unset it if you want a demo"


@dataclass(frozen=True)
class SecretFile:
    """A secret that was given as NAME_FILE."""

    path: str

    def read(self) -> str:
        if not self.path:
            raise ValueError(EMPTY_KEY)
        try:
            text = Path(self.path).read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"can't be read ({type(error).__name__})") from None
        if not text:
            raise ValueError("is the name of an empty file")
        return text


def parse_database_url(url: str, *, prepare: bool = True) -> dict[str, Any]:
    """Django's settings for `sqlite:////path` or `postgres://user:password@host:5432/name?option=value`.

    With `prepare`, PostgreSQL keeps statements that a connection repeats parsed and planned.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name}
    prepared = {"server_side_binding": True, "prepare_threshold": 5} if prepare else {}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**prepared, **dict(parse_qsl(parts.query))},
    }


Split = BeforeValidator(split_list)

ApiKey = Annotated[SecretStr, BeforeValidator(check_api_key)]
BaseUrl = Annotated[str, AfterValidator(check_base_url)]
CacheUrl = Annotated[SecretStr, BeforeValidator(check_cache_url)]
DatabaseUrl = Annotated[SecretStr, BeforeValidator(check_database_url)]
Email = Annotated[str, AfterValidator(check_email)]
Environments = Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Split, Field(min_length=1)]
Host = Annotated[str, AfterValidator(check_host)]
Hosts = Annotated[tuple[Host, ...], Split]
IssuerUrl = Annotated[str, AfterValidator(check_issuer_url)]
Language = Annotated[str, AfterValidator(check_language)]
MetricsToken = Annotated[SecretStr, BeforeValidator(check_metrics_token)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(check_origin)], ...], Split]
Port = Annotated[int, Field(ge=1, le=65535)]
PortalUrl = Annotated[str, AfterValidator(check_portal_url)]
PublicKey = Annotated[str, AfterValidator(check_public_key)]
Resolvers = Annotated[tuple[Annotated[str, AfterValidator(check_resolver)], ...], Split, Field(min_length=1)]
Roles = Annotated[tuple[Annotated[str, AfterValidator(check_role)], ...], Split]
SecretKey = Annotated[SecretStr, BeforeValidator(check_secret_key)]
SharedSecret = Annotated[SecretStr, BeforeValidator(check_shared_secret)]
SmtpUrl = Annotated[SecretStr, BeforeValidator(check_smtp_url)]
TimeZone = Annotated[str, AfterValidator(check_time_zone)]
Words = Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Split]
