"""Fixtures for all tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings

from portal.config import DEMO_KEY, Upstream
from portal.services.brands import current
from portal.simulator.simulator import Simulator
from tests import databases, loopback, snapshots
from tests.mails import ReceivingServer
from tests.people import People, create_people
from tests.ports import pick_port
from tests.simulator_control import SimulatorControl
from tests.waiting import wait_until

loopback.guard()

# Playwright keeps an event loop running in the thread of the test, which Django would take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

ON_BOTH_DATABASES = ("api", "audit", "domains", "env_vars", "hand_off", "models", "operations", "services")
OWN_DATABASE = {"test_kills.py"}  # starts processes on a database of their own
HERE = Path(__file__).parent
INSTALL_HINT = "make test-deps installs it"

# CI runs the same examples each time; a run by hand tries new ones.
hypothesis_settings.register_profile("portal", deadline=None, print_blob=True, derandomize="CI" in os.environ)
hypothesis_settings.load_profile("portal")


def pytest_configure() -> None:
    databases.delete_rows_instead_of_truncating()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(HERE).parts[0] in ON_BOTH_DATABASES and item.path.name not in OWN_DATABASE:
            item.add_marker("postgres")
        if "page" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if INSTALL_HINT in reason:
            skipped[reason] = skipped.get(reason, 0) + 1
    for reason, count in skipped.items():
        terminalreporter.write_sep(
            "!", f"{count} tests SKIPPED: {reason.removeprefix('Skipped: ')}", red=True, bold=True
        )


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator, settings: Settings) -> Iterator[SimulatorControl]:
    """A freshly seeded simulator that the portal uses as MIOSA, with a budget that no test uses up by accident."""
    control = SimulatorControl(running_simulator.url)
    control.reset()
    settings.MIOSA = Upstream(f"{control.url}/api/v1", DEMO_KEY, None, 100_000, is_demo=True)
    from portal.services.sync import upstream  # noqa: PLC0415  # tests of single packages don't need all the others

    upstream.reset_client()
    yield control
    upstream.reset_client()


@pytest.fixture
def smtp(settings: Settings) -> Iterator[ReceivingServer]:
    """A real mail server that the portal uses. `tests.mails.send_due` does what the worker does."""
    with ReceivingServer() as server:
        settings.SMTP_URL = server.url
        yield server


@pytest.fixture(autouse=True)
def no_brands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process, as to brands: none is stored, until a test sets one. Otherwise a page might read them, or not."""
    monkeypatch.setattr(current, "store", current.Store(kept_until_s=float("inf")))


@pytest.fixture
def people(db: None) -> People:
    snapshots.reset_ids()
    return create_people()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": require_program("chromium")}


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = pick_port()
    command = [
        require_program("redis-server"),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with subprocess.Popen(command, cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL) as process:
        with redis.Redis(port=port) as client:
            wait_until(lambda: is_reachable(client), seconds=10)
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


def is_reachable(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def require_program(name: str) -> str:
    """The path of a system program. Without it, the test is skipped; with CI=true it fails."""
    found = shutil.which(name)
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"needs {name}, and with CI=true no test may be skipped")
    pytest.skip(f"needs {name}; {INSTALL_HINT}")
