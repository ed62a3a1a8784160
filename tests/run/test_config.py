"""Configuration: all problems by name, secrets from files, and a README table that matches the code."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from portal.config import Config, HandOff
from portal.environment import NAMES, SECRET_NAMES, ConfigError, load_config
from portal.setting_types import parse_database_url
from tests.hand_off.app import P256_KEY, get_public_pem

ROOT = Path(__file__).resolve().parents[2]
KEY = "msk_live_0123456789"
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104  # nothing is bound to it
Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads the configuration from these variables and no others."""

    def load(**variables: str) -> Config:
        with monkeypatch.context() as patch:
            for name in NAMES & set(os.environ):
                patch.delenv(name)
            for name, value in {"VAR_DIR": str(tmp_path), **variables}.items():
                patch.setenv(name, value)
            return load_config()

    return load


def list_problems(load: Load, **variables: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(**variables)
    return [problem.partition(":")[0] for problem in caught.value.problems]


def test_without_a_key_it_is_a_demo(load: Load, tmp_path: Path) -> None:
    config = load(SIMULATOR_PORT="9123")
    assert config.miosa.is_demo
    assert config.miosa.base_url == "http://127.0.0.1:9123/api/v1"
    assert config.dns.resolvers == ("127.0.0.1:9167",)
    assert config.database["NAME"] == str(tmp_path / "demo.sqlite3")


def test_with_a_key_it_uses_miosa_and_another_database(load: Load, tmp_path: Path) -> None:
    config = load(MIOSA_API_KEY=KEY)
    assert not config.miosa.is_demo
    assert config.miosa.base_url == "https://api.miosa.ai/api/v1"
    assert config.database["NAME"] == str(tmp_path / "portal.sqlite3")


@pytest.mark.parametrize("url", ["https://m.example.com", "https://m.example.com/", "https://m.example.com/api/v1/"])
def test_the_base_url_may_end_with_the_api_path(load: Load, url: str) -> None:
    assert load(MIOSA_API_KEY=KEY, MIOSA_BASE_URL=url).miosa.base_url == "https://m.example.com/api/v1"


def test_lists_are_separated_by_commas(load: Load) -> None:
    config = load(
        MIOSA_API_KEY=KEY, ALLOWED_HOSTS="a.example.com, .example.org,", OIDC_SUPPORT_GROUPS="help desk,night"
    )
    assert config.allowed_hosts == ("a.example.com", ".example.org")
    assert config.oidc_support_groups == ("help desk", "night")


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("Yes", True), ("on", True), ("FALSE", False), ("off", False)]
)
def test_flags(load: Load, text: str, value: bool) -> None:
    assert load(DEBUG=text).debug is value


class TestDatabaseUrl:
    def test_prepared_statements_can_be_switched_off_for_a_pooler(self, load: Load) -> None:
        variables = {"MIOSA_API_KEY": KEY, "DATABASE_URL": "postgres://u:p@h/d"}
        assert load(**variables).database["OPTIONS"] == {"server_side_binding": True, "prepare_threshold": 5}
        assert load(**variables, DATABASE_PREPARED_STATEMENTS="false").database["OPTIONS"] == {}
        assert load(**variables).database["CONN_HEALTH_CHECKS"]

    def test_parts_are_decoded(self) -> None:
        database = parse_database_url("postgres://us%40er:p%2Fw@db.example.com:6432/na%20me?sslmode=require")
        assert database["ENGINE"] == "django.db.backends.postgresql"
        assert (database["USER"], database["PASSWORD"], database["NAME"]) == ("us@er", "p/w", "na me")
        assert (database["HOST"], database["PORT"]) == ("db.example.com", "6432")
        assert database["OPTIONS"]["sslmode"] == "require"

    def test_sqlite_takes_an_absolute_path(self) -> None:
        assert parse_database_url("sqlite:////srv/portal.sqlite3")["NAME"] == "/srv/portal.sqlite3"


class TestProblems:
    def test_all_of_them_are_listed_together(self, load: Load) -> None:
        named = list_problems(
            load,
            PORT="eighty",
            WEB_WORKERS="0",
            DEBUG="maybe",
            ALLOWED_HOSTS="https://example.com",
            CACHE_URL="memcached://x",
            CSRF_TRUSTED_ORIGINS="example.com",
            DATABASE_URL="mysql://h/d",
            DNS_RESOLVERS="dns.example.com",
            LOG_LEVEL="LOUD",
            METRICS_TOKEN="short",
            MIOSA_API_KEY="short",
            MIOSA_API_KY="msk_live_0123456789",
            MIOSA_BASE_URL="ftp://m.example.com",
            MIOSA_ENVIRONMENTS=",",
            MIOSA_TENANT="x" * 201,
            OWNERS_MAY_NOT="promote",
            SECRET_KEY="short",
            SIMULATOR_PORT="x",
            TIME_ZONE="Mars/Olympus",
            VAR_DIR="/proc/nowhere",
        )
        assert named == [
            "ALLOWED_HOSTS", "CACHE_URL", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "DEBUG", "DNS_RESOLVERS", "LOG_LEVEL",
            "METRICS_TOKEN", "MIOSA_API_KEY", "MIOSA_API_KY", "MIOSA_BASE_URL", "MIOSA_ENVIRONMENTS", "MIOSA_TENANT",
            "OWNERS_MAY_NOT", "PORT", "SECRET_KEY", "SIMULATOR_PORT", "TIME_ZONE", "VAR_DIR", "WEB_WORKERS",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("variables", "name"),
        [
            ({"MIOSA_BASE_URL": "https://m.example.com"}, "MIOSA_API_KEY"),
            ({"PORTAL_URL": "https://bücher.example"}, "PORTAL_URL"),
            ({"SMTP_URL": "smtp://desk:p%C3%A4ss@mail.example.com"}, "SMTP_URL"),
            ({"MIOSA_API_KEY": KEY, "MIOSA_BASE_URL": "http://m.example.com"}, "MIOSA_BASE_URL"),
            ({"MIOSA_API_KY": KEY}, "MIOSA_API_KY"),
            ({"MIOSA_API_KEY_FILE": "/nowhere/key", "HTTPS": "true"}, "MIOSA_API_KEY_FILE"),
            ({"MIOSA_API_KEY_FILE": "/dev/null", "HTTPS": "true"}, "MIOSA_API_KEY_FILE"),
            ({"SECRET_KEY_FILE": "/dev/null"}, "SECRET_KEY_FILE"),
            ({"DATABASE_URL": "postgres://u:p@h/d"}, "DATABASE_URL"),
            ({"PORT": "9009"}, "SIMULATOR_PORT"),
            ({"PORT": "70000"}, "PORT"),
            ({"VAR_DIR": "/proc/nowhere"}, "VAR_DIR"),
        ],
    )
    def test_each_is_listed_by_name(self, load: Load, variables: dict[str, str], name: str) -> None:
        assert list_problems(load, **variables) == [name]

    def test_a_misspelt_name_gets_a_suggestion(self, load: Load) -> None:
        with pytest.raises(ConfigError, match="MIOSA_API_KY: is not a setting; did you mean MIOSA_API_KEY"):
            load(MIOSA_API_KY=KEY)

    def test_a_secret_and_its_file_exclude_each_other(self, load: Load, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_text(KEY)
        assert list_problems(load, MIOSA_API_KEY=KEY, MIOSA_API_KEY_FILE=str(file)) == ["MIOSA_API_KEY"]

    def test_the_words_are_ours_and_hold_no_secret(self, load: Load) -> None:
        with pytest.raises(ConfigError) as caught:
            load(
                PORT="x",
                DATABASE_URL="mysql://user:pa55word@h/d",
                CACHE_URL="memcached://:pa55word@h",
                MIOSA_BASE_URL="https://user:pa55word@m.example.com",
                MIOSA_API_KEY="pa55word with spaces",
                METRICS_TOKEN="pa55word",
                SECRET_KEY="pa55word",
            )
        text = str(caught.value)
        assert "PORT: must be a whole number, not 'x'" in text
        assert "pa55word" not in text
        assert "pydantic" not in text.lower()
        assert "Value error" not in text


class TestDemo:
    """Its passwords are public, so it must not be reachable from elsewhere, nor be started by mistake."""

    @pytest.mark.parametrize(
        "variables",
        [
            {"HTTPS": "true"},
            {"HOST": ALL_ADDRESSES},
            {"HOST": "[::]"},
            {"HOST": "192.0.2.1"},
            {"ALLOWED_HOSTS": "localhost,deploys.example.com"},
            {"CSRF_TRUSTED_ORIGINS": "http://localhost:8000,https://deploys.example.com"},
            {"TRUSTED_PROXY_COUNT": "1"},
            {"MIOSA_TENANT": "acme"},
            {"MIOSA_KEY": KEY},
            {"MIOSA_API_KEY": ""},
            {"MIOSA_API_KEY": "  "},
            {"MIOSA_API_KEY_FILE": ""},
            {"MIOSA_API_KEY_FILE": "/dev/null"},
        ],
    )
    def test_it_does_not_start(self, load: Load, variables: dict[str, str]) -> None:
        assert list_problems(load, **variables) == list(variables)

    @pytest.mark.parametrize("content", ["", " \n", "\ufeff", "\ufeff\r\n"])
    def test_it_does_not_start_with_an_empty_key_file(self, load: Load, tmp_path: Path, content: str) -> None:
        file = tmp_path / "key"
        file.write_text(content)
        assert list_problems(load, MIOSA_API_KEY_FILE=str(file)) == ["MIOSA_API_KEY_FILE"]

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "[::1]"])
    def test_it_starts_on_loopback(self, load: Load, host: str) -> None:
        assert load(HOST=host, ALLOWED_HOSTS=host, CSRF_TRUSTED_ORIGINS=f"http://{host}:8000").miosa.is_demo

    def test_with_a_key_all_of_that_is_possible(self, load: Load) -> None:
        config = load(MIOSA_API_KEY=KEY, HTTPS="true", HOST=ALL_ADDRESSES, ALLOWED_HOSTS="deploys.example.com")
        assert not config.miosa.is_demo


class TestSecrets:
    def test_one_may_come_from_a_file(self, load: Load, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_text("msk_live_from_a_file\n")
        assert load(MIOSA_API_KEY_FILE=str(file)).miosa.api_key == "msk_live_from_a_file"
        assert load(MIOSA_API_KEY_FILE=str(file), MIOSA_API_KEY="").miosa.api_key == "msk_live_from_a_file"

    def test_none_is_in_a_repr(self, load: Load) -> None:
        config = load(MIOSA_API_KEY=KEY, DATABASE_URL="postgres://u:pa55%2Fword@h/d", METRICS_TOKEN="m" * 20)
        shown = repr(config) + repr(config.miosa)
        assert not any(secret in shown for secret in config.secrets)
        assert config.secrets >= {KEY, "m" * 20, "pa55%2Fword", "pa55/word"}


class TestHandOff:
    """Whose tokens are accepted: one issuer, with one key."""

    KEYS: ClassVar[dict[str, str]] = {
        "HANDOFF_PUBLIC_KEY": get_public_pem(P256_KEY),
        "HANDOFF_JWKS_URL": "https://app.example.com/keys",
        "HANDOFF_SECRET": "s" * 32,
    }
    ISSUER: ClassVar[dict[str, str]] = {"MIOSA_API_KEY": KEY, "HANDOFF_ISSUER": "https://app.example.com"}

    def test_a_demo_has_an_app_with_a_key_of_its_own(self, load: Load, tmp_path: Path) -> None:
        hand_off = load(SIMULATOR_PORT="9123").hand_off
        assert hand_off == load(SIMULATOR_PORT="9123").hand_off
        assert (hand_off.issuer, hand_off.url) == ("http://127.0.0.1:9123/your-app/",) * 2
        assert hand_off.public_key.startswith("-----BEGIN PUBLIC KEY-----")
        assert mode(tmp_path / "hand_off_key.pem") == 0o600

    def test_a_real_portal_has_none_until_it_is_set(self, load: Load, tmp_path: Path) -> None:
        assert load(MIOSA_API_KEY=KEY).hand_off == HandOff(issuer="", audience="portal")
        assert not (tmp_path / "hand_off_key.pem").exists()

    @pytest.mark.parametrize("name", KEYS)
    def test_one_key_is_needed(self, load: Load, name: str) -> None:
        assert load(**self.ISSUER, **{name: self.KEYS[name]}).hand_off.issuer == "https://app.example.com"
        assert list_problems(load, **self.ISSUER) == ["HANDOFF_SECRET"]
        assert list_problems(load, MIOSA_API_KEY=KEY, **{name: self.KEYS[name]}) == ["HANDOFF_SECRET"]

    @pytest.mark.parametrize("left_out", [*KEYS, ""])
    def test_two_are_refused(self, load: Load, left_out: str) -> None:
        """With a public key and a secret, a token could be signed with the public one."""
        two = {name: value for name, value in self.KEYS.items() if name != left_out}
        with pytest.raises(ConfigError, match="HANDOFF_SECRET: set only one"):
            load(**self.ISSUER, **two)

    @pytest.mark.parametrize("key", ["x", "{}", "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"])
    def test_a_key_that_is_none_is_reported(self, load: Load, key: str) -> None:
        assert list_problems(load, **self.ISSUER, HANDOFF_PUBLIC_KEY=key) == ["HANDOFF_PUBLIC_KEY"]

    def test_keys_come_by_https_only(self, load: Load) -> None:
        assert list_problems(load, **self.ISSUER, HANDOFF_JWKS_URL="http://app.example.com/keys") == [
            "HANDOFF_JWKS_URL"
        ]
        assert load(**self.ISSUER, HANDOFF_JWKS_URL="http://127.0.0.1:9000/keys").hand_off.jwks_url


def test_blank_variables_count_as_unset(load: Load) -> None:
    config = load(PORT=" ", SECRET_KEY="", METRICS_TOKEN_FILE="", ALLOWED_HOSTS="")
    assert config.port == 8000
    assert config.allowed_hosts == ("127.0.0.1", "localhost", "[::1]")
    assert config.metrics_token is None


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestVarDir:
    def test_the_signing_key_is_generated_once(self, load: Load, tmp_path: Path) -> None:
        key = load().secret_key
        assert load().secret_key == key
        assert mode(tmp_path / "secret_key") == 0o600

    @pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff" * 100])
    def test_a_file_without_a_key_is_reported(self, load: Load, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "secret_key").write_bytes(content)
        with pytest.raises(ConfigError) as raised:
            load()
        (problem,) = raised.value.problems
        assert problem.startswith(f"SECRET_KEY: is not set, and {tmp_path / 'secret_key'} holds no key")

    def test_a_new_folder_is_for_its_owner_only(self, load: Load, tmp_path: Path) -> None:
        load(VAR_DIR=str(tmp_path / "new" / "var"))
        assert mode(tmp_path / "new" / "var") == 0o700

    def test_an_existing_folder_becomes_private_with_its_files(self, load: Load, tmp_path: Path) -> None:
        folder = tmp_path / "var"
        folder.mkdir(mode=0o755)
        names = ("demo.sqlite3", "demo.sqlite3-wal", "demo.sqlite3-shm", "secret_key", "backup", "portal.log")
        for name in names:
            (folder / name).write_text("x" * 100)
            (folder / name).chmod(0o755)
        load(VAR_DIR=str(folder))
        assert mode(folder) == 0o700
        assert {mode(folder / name) for name in names} == {0o600}

    def test_a_folder_that_everybody_shares_is_refused(self, load: Load, tmp_path: Path) -> None:
        folder = tmp_path / "shared"
        folder.mkdir()
        folder.chmod(0o1777)
        assert list_problems(load, VAR_DIR=str(folder)) == ["VAR_DIR"]
        assert mode(folder) == 0o1777


@pytest.mark.parametrize("command", ["check", "up", "worker"])
def test_a_command_lists_the_problems_and_stops(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=ROOT,
        env={"PATH": "", "VAR_DIR": str(tmp_path), "PORT": "x", "WEB_THREADS": "-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "PORT: " in done.stderr
    assert "WEB_THREADS: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_settings_of_the_installation_in_the_readme_are_complete(tmp_path: Path) -> None:
    """Nothing is missing for production, and the portal starts with them."""
    section = (ROOT / "README.md").read_text().partition("## Installation")[2].partition("\n## ")[0]
    variables = dict(re.findall(r"^   ([A-Z_]+)=(.+)$", section, re.MULTILINE))
    assert len(variables) == 9
    assert "ExecStart=/opt/portal/.venv/bin/python manage.py up\n" in section
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**variables, "VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_table_in_the_readme_is_the_code(load: Load) -> None:
    section = (ROOT / "README.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([A-Z_]+)`( \\\*)? \| (?:`(.*?)`)? ?\| (\S.*) \|$", section, re.MULTILINE)
    defaults = load()
    assert [name for name, *_ in rows] == sorted(NAMES)
    assert {name for name, secret, *_ in rows if secret} == SECRET_NAMES
    for name, _secret, default, description in rows:
        field = Config.model_fields[name.lower()]
        assert description == field.description, name
        value = field.default if name == "VAR_DIR" else getattr(defaults, name.lower())
        assert default == as_text(value), name


def as_text(value: Any) -> str:
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
