"""Settings: all problems listed by name, secrets from files, and a table in the README that tells the truth."""

import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portal import env, variables

ROOT = Path(__file__).resolve().parents[2]
Load = Callable[..., env.Configuration]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return lambda **variables: env.load({"VAR_DIR": str(tmp_path), **variables}, base=tmp_path)


def problems(load: Load, **variables: str) -> list[str]:
    with pytest.raises(env.ConfigurationError) as caught:
        load(**variables)
    return [problem.partition(":")[0] for problem in caught.value.problems]


def test_without_a_key_it_is_a_demo(load: Load, tmp_path: Path) -> None:
    configuration = load(SIMULATOR_PORT="9123")
    assert configuration.miosa.is_demo
    assert configuration.miosa.base_url == "http://127.0.0.1:9123/api/v1"
    assert configuration.database["NAME"] == str(tmp_path / "demo.sqlite3")


def test_with_a_key_it_is_real_and_keeps_another_database(load: Load, tmp_path: Path) -> None:
    configuration = load(MIOSA_API_KEY="msk_live_0123456789")
    assert not configuration.miosa.is_demo
    assert configuration.miosa.base_url == env.CONTRACT_URL
    assert configuration.database["NAME"] == str(tmp_path / "portal.sqlite3")


def test_behind_a_pooler_nothing_is_kept_by_a_connection(load: Load) -> None:
    real = {"MIOSA_API_KEY": "msk_live_0123456789", "DATABASE_URL": "postgres://u:p@h/d"}
    assert load(**real).database["OPTIONS"] == {"server_side_binding": True, "prepare_threshold": 5}
    assert load(**real, DATABASE_PREPARED_STATEMENTS="false").database["OPTIONS"] == {}
    assert load(**real).database["CONN_HEALTH_CHECKS"]


@pytest.mark.parametrize(
    "address", ["https://m.example.com", "https://m.example.com/", "https://m.example.com/api/v1/"]
)
def test_the_address_may_end_in_the_api_path(load: Load, address: str) -> None:
    configuration = load(MIOSA_API_KEY="msk_live_0123456789", MIOSA_BASE_URL=address)
    assert configuration.miosa.base_url == "https://m.example.com/api/v1"


def test_no_secret_is_in_a_repr(load: Load) -> None:
    configuration = load(
        MIOSA_API_KEY="msk_live_0123456789", DATABASE_URL="postgres://u:pa55word@h/d", METRICS_TOKEN="m" * 20
    )
    said = repr(configuration)
    assert not any(secret in said for secret in configuration.secrets)
    assert "pa55word" in configuration.secrets


def test_all_problems_are_listed_together(load: Load) -> None:
    named = problems(
        load,
        PORT="eighty",
        WEB_WORKERS="0",
        DEBUG="maybe",
        ALLOWED_HOSTS="https://example.com",
        CACHE_URL="memcached://x",
        CSRF_TRUSTED_ORIGINS="example.com",
        DATABASE_URL="mysql://h/d",
        LOG_LEVEL="LOUD",
        MIOSA_API_KEY="short",
        MIOSA_BASE_URL="ftp://m.example.com",
        SECRET_KEY="short",
        TIME_ZONE="Mars/Olympus",
    )
    assert sorted(named) == [
        "ALLOWED_HOSTS", "CACHE_URL", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "DEBUG", "LOG_LEVEL", "MIOSA_API_KEY",
        "MIOSA_BASE_URL", "PORT", "SECRET_KEY", "TIME_ZONE", "WEB_WORKERS",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"MIOSA_BASE_URL": "https://m.example.com"}, "MIOSA_API_KEY"),
        ({"MIOSA_API_KEY": "msk_live_0123456789", "MIOSA_BASE_URL": "http://m.example.com"}, "MIOSA_BASE_URL"),
        ({"MIOSA_API_KY": "msk_live_0123456789"}, "MIOSA_API_KY"),
        ({"MIOSA_API_KEY_FILE": "/nowhere/key"}, "MIOSA_API_KEY_FILE"),
        ({"DATABASE_URL": "postgres://u:p@h/d"}, "DATABASE_URL"),
        ({"PORT": "9009"}, "SIMULATOR_PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"VAR_DIR": "/proc/nowhere"}, "VAR_DIR"),
    ],
)
def test_a_mistake_is_named(load: Load, variables: dict[str, str], name: str) -> None:
    assert problems(load, **variables) == [name]


def test_a_secret_may_come_from_a_file(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("msk_live_from_a_file\n")
    assert load(MIOSA_API_KEY_FILE=str(file)).miosa.api_key == "msk_live_from_a_file"


def test_an_empty_variable_is_an_absent_one(load: Load) -> None:
    assert load(MIOSA_API_KEY="", PORT=" ").miosa.is_demo


def test_the_signing_key_is_made_once_for_its_owner_only(load: Load, tmp_path: Path) -> None:
    first = load().secret_key
    assert load().secret_key == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize("command", ["check", "up", "worker"])
def test_a_command_says_so_and_stops(command: str, tmp_path: Path) -> None:
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


def test_the_readme_lists_every_setting_with_its_default(tmp_path: Path) -> None:
    reader = variables.Reader({"VAR_DIR": str(tmp_path)})
    env.read(reader, base=tmp_path)
    section = (ROOT / "README.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([A-Z_]+)`( \\\*)? \| (?:`(.*?)`)? ?\| \S.* \|$", section, re.MULTILINE)
    assert {name: default for name, _secret, default in rows} == reader.defaults
    assert {name for name, secret, _default in rows if secret} == reader.secret_names
    assert [name for name, _, _ in rows] == sorted(reader.defaults)
