"""What an installation can set: environment variables, read once when a process starts.

`Config` lists every variable with its type, default and description. The table in README.md says the same, and a test
compares the two. `environment.load_config()` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticUseDefault
from pydantic_settings import BaseSettings, SettingsConfigDict

from portal import setting_types as types
from portal.var_dir import load_or_create_hand_off_key, load_or_create_secret_key, make_private, read_public_pem

BASE_DIR = Path(__file__).resolve().parent.parent
DEMO_KEY = "msk_test_demo"
NEEDS_KEY = "needs MIOSA_API_KEY; without it the portal is a demo, with its own database and for this machine only"


@dataclass(frozen=True)
class Upstream:
    """Where MIOSA is and how it behaves. `rpm` is in requests a minute. In a demo it is our own simulator."""

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
    """Servers as `address` or `address:port`. `overrides` pairs a name server's address with the one to ask instead."""

    resolvers: tuple[str, ...]
    overrides: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class HandOff:
    """Whose tokens let people in, and what verifies them: one of `public_key`, `jwks_url` and `secret`.

    Without an `issuer` nobody is handed over. `url` is the page of the platform's own app that people come from.
    """

    issuer: str
    audience: str
    public_key: str = ""
    jwks_url: str = ""
    secret: str = field(default="", repr=False)
    url: str = ""


class Config(BaseSettings):
    """One field for each variable. SecretStr marks a secret, which may also come from the file named by NAME_FILE.

    A validator sees the fields above its own in `info.data`, without those that are wrong.
    """

    model_config = SettingsConfigDict(
        alias_generator=str.upper, case_sensitive=True, enable_decoding=False, frozen=True, validate_default=True
    )

    var_dir: Path = Field(
        Path("var"), description="folder for everything the portal keeps on disk; only its owner can read it"
    )
    secret_key: types.SecretKey | None = Field(
        None, description="signs sessions and forms; without it, a key is generated and kept in `VAR_DIR`"
    )

    miosa_api_key: types.ApiKey | None = Field(
        None, description="API key of your MIOSA tenant; without it, the portal is a demo that uses its simulator"
    )
    miosa_base_url: types.BaseUrl = Field(
        "https://api.miosa.ai/api/v1", description="URL of the MIOSA API, with or without `/api/v1`"
    )
    miosa_tenant: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="tenant to send to MIOSA, if the key has access to several"
    )
    miosa_rpm: int = Field(
        60, ge=1, le=100_000, description="requests per minute that the key may make, all processes together"
    )
    miosa_environments: types.Environments = Field(
        ("production",),
        description="environments to promote to, comma-separated; with more than one, a promotion asks which. "
        "Only the first has a live version",
    )
    miosa_honours_idempotency: bool = Field(
        True,
        description="whether MIOSA handles a repeated `Idempotency-Key` only once; if not, a publish is never repeated",
    )
    miosa_publish_by_bridge: bool = Field(
        False,
        description="publish with `/sandboxes/:id/deploy`, without trying `/deployments/:id/publish` first",
    )
    miosa_deletes_env: bool = Field(False, description="whether MIOSA can delete an env var; shows a button for it")

    host: types.Host = Field(
        "127.0.0.1", description="address the web server listens on; a demo takes loopback addresses only"
    )
    port: types.Port = Field(8000, description="port of the web server")
    https: bool = Field(
        False, description="people use https: adds secure cookies, redirects and HSTS; not possible in a demo"
    )
    allowed_hosts: types.Hosts = Field(
        ("127.0.0.1", "localhost", "[::1]"),
        description="host names the portal answers to, comma-separated; a demo takes loopback names only",
    )
    csrf_trusted_origins: types.Origins = Field(
        (), description="origins that forms may come from, such as `https://deploys.example.com`, behind a proxy"
    )
    trusted_proxy_count: int = Field(
        0, ge=0, le=10, description="number of proxies in front of the portal that set `X-Forwarded-For`"
    )
    web_workers: int = Field(2, ge=1, le=64, description="web processes; use the number of cores")
    web_threads: int = Field(8, ge=1, le=256, description="threads per web process")

    database_url: types.DatabaseUrl | None = Field(
        None, description="`postgres://user:password@host:5432/name`; without it, SQLite in `VAR_DIR`"
    )
    database_prepared_statements: bool = Field(
        True,
        description="prepared statements on PostgreSQL; use `false` behind a pooler that assigns connections "
        "per transaction",
    )
    cache_url: types.CacheUrl | None = Field(
        None, description="`redis://host:6379/0`; without it, the cache is a table in the database"
    )

    portal_name: Annotated[str, Field(max_length=60)] = Field(
        "Deploy desk", description="name shown on every page until a brand has one"
    )
    portal_url: types.PortalUrl | None = Field(
        None, description="address people open the portal at, such as `https://deploys.example.com`, for links in mails"
    )
    smtp_url: types.SmtpUrl | None = Field(
        None,
        description="mail server: `smtp://user:password@host:587` (with STARTTLS) or `smtps://…`; ending in "
        "`?tls=off` for a server without TLS; without it, no mail is sent",
    )
    mail_from: types.Email = Field("portal@localhost", description="sender of mails until a brand has one")
    language_code: types.Language = Field("en", description="language of the pages")
    time_zone: types.TimeZone = Field("UTC", description="time zone for people whose browser has not reported one")
    show_staff_names: bool = Field(
        False, description="customers see the names of the platform's staff; else `<portal name> support`"
    )
    second_factor_for: types.Roles = Field(
        (), description="who needs a second factor, comma-separated: `operator`, `support`, `owner`, `viewer`"
    )
    session_idle_staff_h: int = Field(8, ge=1, le=720, description="hours after which unused sessions of staff end")
    session_idle_customer_d: int = Field(
        14, ge=1, le=365, description="days after which unused sessions of customers' people end"
    )
    session_absolute_d: int = Field(30, ge=1, le=365, description="days after which any session ends")
    oidc_issuer: types.IssuerUrl | None = Field(
        None, description="OpenID provider that staff sign in with, such as `https://login.example.com`"
    )
    oidc_client_id: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="the portal's id at that provider"
    )
    oidc_client_secret: SecretStr | None = Field(None, description="the portal's secret at that provider")
    oidc_name: Annotated[str, Field(max_length=40)] = Field(
        "single sign-on", description="name of that provider on the sign-in page"
    )
    oidc_groups_claim: Annotated[str, Field(max_length=60)] = Field(
        "groups", description="claim of the provider that has a person's groups"
    )
    oidc_operator_groups: types.Words = Field((), description="groups whose members are operators, comma-separated")
    oidc_support_groups: types.Words = Field(
        (), description="groups whose members are support staff for all customers, comma-separated"
    )
    handoff_issuer: Annotated[str, Field(max_length=300)] | None = Field(
        None, description="`iss` of tokens from your own app; without it nobody is handed over (docs/handoff.md)"
    )
    handoff_audience: Annotated[str, Field(max_length=300)] = Field("portal", description="`aud` of these tokens")
    handoff_public_key: types.PublicKey | None = Field(
        None, description="PEM or JWK that verifies these tokens (EdDSA or ES256)"
    )
    handoff_jwks_url: types.IssuerUrl | None = Field(
        None, description="URL of the keys that verify these tokens, instead of `HANDOFF_PUBLIC_KEY`"
    )
    handoff_secret: types.SharedSecret | None = Field(
        None, description="shared secret that verifies these tokens (HS256), instead of a key"
    )
    handoff_url: types.IssuerUrl | None = Field(
        None, description="page of your own app that people come from, to go back to"
    )
    audit_key: types.SharedSecret | None = Field(
        None, description="signs the audit log; without it, a key derived from `SECRET_KEY`"
    )
    audit_keep_d: int = Field(
        0, ge=0, le=36_500, description="days after which `manage.py audit delete` may delete events; 0 for never"
    )

    dns_resolvers: types.Resolvers = Field(
        ("1.1.1.1", "8.8.8.8", "9.9.9.9"),
        description="public resolvers used to check customers' domains; a demo uses its own name server",
    )

    debug: bool = Field(False, description="Django's debug pages; never use it where others have access")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`"
    )
    metrics_token: types.MetricsToken | None = Field(
        None, description="bearer token for `/metrics`; without it, that page does not exist"
    )

    simulator_port: types.Port = Field(9009, description="port of the demo's simulator")
    simulator_dns_port: types.Port = Field(
        default_factory=lambda data: next_port(data["simulator_port"], 44),
        description="port of the demo's name server; by default 44 above `SIMULATOR_PORT`",
    )
    simulator_smtp_port: types.Port = Field(
        default_factory=lambda data: next_port(data["simulator_port"], 25),
        description="port of the demo's mail server; by default 25 above `SIMULATOR_PORT`",
    )

    @field_validator("*", mode="before")
    @classmethod
    def read_given_text(cls, value: Any, info: ValidationInfo) -> Any:
        """Blank counts as unset. Only the API key must not be blank: the portal would silently start as a demo."""
        if isinstance(value, types.SecretFile):
            return value.read()
        if not isinstance(value, str) or value.strip():
            return value.strip() if isinstance(value, str) else value
        if info.field_name == "miosa_api_key":
            raise ValueError(types.EMPTY_KEY)
        raise PydanticUseDefault

    @field_validator("var_dir")
    @classmethod
    def create_var_dir(cls, value: Path) -> Path:
        return make_private(BASE_DIR / value)

    @field_validator("secret_key")
    @classmethod
    def generate_secret_key(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None or "var_dir" not in info.data:
            return value
        try:
            return SecretStr(load_or_create_secret_key(info.data["var_dir"]))
        except OSError as error:
            raise ValueError(f"is not set and can't be kept in VAR_DIR ({error.strerror})") from None

    @field_validator(
        "https", "host", "allowed_hosts", "csrf_trusted_origins", "trusted_proxy_count", "miosa_tenant", "database_url"
    )
    @classmethod
    def keep_demo_local(cls, value: Any, info: ValidationInfo) -> Any:
        """The demo's passwords are public, so only this machine may reach it, and no real data may be in it."""
        match value:
            case str() if info.field_name == "host":
                is_local = types.is_loopback(value)
            case tuple():
                is_local = all(types.is_loopback(types.get_host(each)) for each in value)
            case _:
                is_local = not value
        if not is_local and info.data.get("miosa_api_key", ...) is None:
            raise ValueError(NEEDS_KEY)
        return value

    @field_validator("simulator_port")
    @classmethod
    def check_ports_differ(cls, value: int, info: ValidationInfo) -> int:
        if value == info.data.get("port"):
            raise ValueError(f"must differ from PORT, which is {value} too")
        return value

    @field_validator("handoff_secret")
    @classmethod
    def check_one_hand_off_key(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """With two, a token could be signed with the public one, as a secret."""
        keys = (value, info.data.get("handoff_public_key"), info.data.get("handoff_jwks_url"))
        given = sum(key is not None for key in keys)
        if given > 1:
            raise ValueError("set only one of HANDOFF_SECRET, HANDOFF_PUBLIC_KEY and HANDOFF_JWKS_URL")
        names = {"handoff_issuer", "handoff_public_key", "handoff_jwks_url"}
        if names <= info.data.keys() and bool(info.data["handoff_issuer"]) != bool(given):
            raise ValueError("HANDOFF_ISSUER needs HANDOFF_PUBLIC_KEY, HANDOFF_JWKS_URL or HANDOFF_SECRET, and they it")
        return value

    @property
    def is_demo(self) -> bool:
        return self.miosa_api_key is None

    @property
    def public_url(self) -> str:
        """Where people open the portal, without a slash at the end. Links in mails never come from a Host header."""
        return self.portal_url or f"http://localhost:{self.port}"

    @property
    def miosa(self) -> Upstream:
        demo_url = f"http://127.0.0.1:{self.simulator_port}/api/v1"
        return Upstream(
            base_url=demo_url if self.is_demo else self.miosa_base_url,
            api_key=reveal(self.miosa_api_key) or DEMO_KEY,
            tenant=None if self.is_demo else self.miosa_tenant,
            rpm=self.miosa_rpm,
            is_demo=self.is_demo,
            environments=self.miosa_environments,
            honours_idempotency=self.miosa_honours_idempotency,
            publish_by_bridge=self.miosa_publish_by_bridge,
            deletes_env=self.miosa_deletes_env,
        )

    @property
    def hand_off(self) -> HandOff:
        """A demo has an app of its own, at the simulator, with a key in VAR_DIR."""
        if self.is_demo and self.handoff_issuer is None:
            app = f"http://127.0.0.1:{self.simulator_port}/your-app/"
            public_key = read_public_pem(load_or_create_hand_off_key(self.var_dir))
            return HandOff(issuer=app, audience=self.handoff_audience, public_key=public_key, url=app)
        return HandOff(
            issuer=self.handoff_issuer or "",
            audience=self.handoff_audience,
            public_key=self.handoff_public_key or "",
            jwks_url=self.handoff_jwks_url or "",
            secret=reveal(self.handoff_secret),
            url=self.handoff_url or "",
        )

    @property
    def dns(self) -> Dns:
        """A demo sends every query to the simulator's name server."""
        if not self.is_demo:
            return Dns(self.dns_resolvers)
        simulated = f"127.0.0.1:{self.simulator_dns_port}"
        return Dns((simulated,), (("127.0.0.1", simulated),))

    @property
    def mail_server(self) -> str:
        """The URL of the mail server, empty without one. A demo sends every mail to the simulator."""
        if self.is_demo and self.smtp_url is None:
            return f"smtp://127.0.0.1:{self.simulator_smtp_port}"
        return reveal(self.smtp_url)

    @property
    def database(self) -> dict[str, Any]:
        """The database as Django's DATABASES takes it. A demo and a real portal never share one."""
        if self.database_url is not None:
            return types.parse_database_url(reveal(self.database_url), prepare=self.database_prepared_statements)
        name = "demo.sqlite3" if self.is_demo else "portal.sqlite3"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(self.var_dir / name)}

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret value, and every password inside one, for the redaction of logs."""
        values = [reveal(value) for _name, value in self if isinstance(value, SecretStr)]
        passwords = [url.password for value in values if (url := types.parse_url(value)) and url.password]
        return frozenset({*values, *passwords, *map(unquote, passwords)})


def reveal(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def next_port(simulator_port: int, distance: int) -> int:
    """Follows the simulator's port, so that for two demos on one machine one choice each is enough."""
    return simulator_port + distance if simulator_port + distance < 65536 else simulator_port - distance
