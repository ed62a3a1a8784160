"""`make run` from the outside: processes, ports, signals and output."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from portal import var_dir
from tests.ports import pick_port
from tests.run.portal_process import ROOT, TIMEOUT_S, PortalProcess
from tests.waiting import wait_until

LOGIN = "/accounts/login/"
UP = [sys.executable, "manage.py", "up"]
Start = Callable[..., PortalProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[PortalProcess] = []

    def start(command: list[str] = UP, **variables: str) -> PortalProcess:
        started.append(PortalProcess(command, tmp_path / "var", **variables))
        return started[-1]

    yield start
    for portal in started:
        if portal.process.poll() is None:
            portal.stop()


def sign_in(browser: requests.Session, portal: PortalProcess, email: str) -> requests.Response:
    url = f"http://127.0.0.1:{portal.port}{LOGIN}"
    browser.get(url, timeout=TIMEOUT_S)
    form = {"login": email, "password": "demo-password", "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    return browser.post(url, data=form, timeout=TIMEOUT_S)


def test_make_run_starts_a_demo_and_leaves_nothing_running(start: Start) -> None:
    portal = start(["make", "run"])
    portal.wait_for_output("Ctrl-C")
    output = portal.output()
    assert f"is ready at http://localhost:{portal.port}/" in output
    assert "owner@brightsmile.test" in output
    assert "demo-password" in output
    status, page = portal.get(LOGIN)
    assert status == 200
    assert 'name="login"' in page
    assert 'name="password"' in page
    assert "server" not in portal.get_headers(LOGIN)
    wait_until(lambda: portal.get("/_control/state", portal.simulator_port)[0] == 200, seconds=TIMEOUT_S)
    portal.wait_for_child("worker")
    portal.stop()


def test_a_customer_of_the_demo_signs_in_and_sees_versions(start: Start) -> None:
    portal = start()
    portal.wait_until_ready()
    with requests.Session() as browser:
        browser.trust_env = False
        home = sign_in(browser, portal, "owner@brightsmile.test")
        assert home.url.endswith("/c/brightsmile-dental/")
        assert home.headers["Cache-Control"] == "no-store"
        wait_until(lambda: "/versions/" in browser.get(home.url, timeout=TIMEOUT_S).text, seconds=TIMEOUT_S)


def test_it_listens_on_host(start: Start) -> None:
    portal = start(HOST="[::1]")
    portal.wait_for_output("is ready at http://[::1]:")
    assert portal.get("/readyz") == (0, "")


def test_a_second_start_repeats_nothing(start: Start) -> None:
    first = start()
    first.wait_until_ready()
    assert first.stop(signal.SIGINT) == 0
    assert "applied the migrations" in first.output()
    assert "collected the static files" in first.output()
    prepared = list_prepared(first.var)
    second = start()
    second.wait_until_ready()
    assert second.stop() == 0
    assert "applied the migrations" not in second.output()
    assert "collected the static files" not in second.output()
    assert list_prepared(second.var) == prepared


def list_prepared(var: Path) -> dict[str, Any]:
    """What the preparation leaves behind, with the time of each step."""
    with closing(sqlite3.connect(var / "demo.sqlite3")) as database:
        return {
            "migrations": database.execute("SELECT app, name, applied FROM django_migrations ORDER BY id").fetchall(),
            "people": database.execute("SELECT id, email, password FROM portal_user ORDER BY id").fetchall(),
            "static": {path: path.stat().st_mtime_ns for path in (var / "static").rglob("*")},
            "secret_key": (var / "secret_key").read_text(),
        }


def test_ended_children_are_restarted(start: Start) -> None:
    portal = start()
    portal.wait_until_ready()
    for word in ("simulator", "worker", "portal.web"):
        child = portal.wait_for_child(word)
        child.kill()
        child.wait(timeout=TIMEOUT_S)
        assert portal.wait_for_child(word).pid != child.pid
    wait_until(portal.is_ready, seconds=TIMEOUT_S)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's signal at the death of a parent")
def test_children_end_with_a_killed_parent(start: Start) -> None:
    portal = start()
    portal.wait_until_ready()
    descendants = portal.list_descendants()
    portal.process.kill()
    portal.process.wait()
    wait_until(
        lambda: not any(process.is_running() and process.status() != "zombie" for process in descendants),
        seconds=TIMEOUT_S,
    )


@pytest.mark.parametrize("name", ["PORT", "SIMULATOR_PORT"])
def test_a_port_in_use_is_reported_in_one_line(start: Start, name: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        portal = start(**{name: str(port)})
        assert portal.process.wait(timeout=TIMEOUT_S) == 1
    (line,) = portal.output().splitlines()
    assert f"{name}: can't listen on 127.0.0.1:{port}" in line


def test_with_a_key_there_is_no_simulator_and_nobody_of_the_demo(start: Start) -> None:
    url = f"http://127.0.0.1:{pick_port()}"
    portal = start(MIOSA_API_KEY="msk_live_never_shown_anywhere", MIOSA_BASE_URL=url)
    portal.wait_for_output("REAL MIOSA at")
    assert f"REAL MIOSA at {url}/api/v1" in portal.output()
    assert portal.find_child("simulator") is None
    portal.wait_for_output("ConnectionError")  # the worker has tried to reach MIOSA
    portal.stop()
    output = portal.output()
    assert ".test" not in output
    assert "never_shown" not in output
    assert [path.name for path in portal.var.glob("*.sqlite3")] == ["portal.sqlite3"]


def manage(var: Path, *command: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={"VAR_DIR": str(var), **variables},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_preparing_twice_changes_nothing(tmp_path: Path) -> None:
    prepared = []
    for _ in range(2):
        assert manage(tmp_path, "up", "--prepare-only").returncode == 0
        prepared.append(list_prepared(tmp_path))
    assert len(prepared[0]["people"]) == 5
    assert prepared[0] == prepared[1]


def test_everything_in_var_dir_is_for_its_owner_only(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    assert manage(var, "up", "--prepare-only").returncode == 0
    assert not [path for path in (var, *var.rglob("*")) if path.stat().st_mode & 0o077]


def test_a_second_portal_on_one_folder_is_refused(tmp_path: Path) -> None:
    lock = var_dir.lock(tmp_path, var_dir.UP_LOCK)
    assert lock is not None
    done = manage(tmp_path, "up")
    os.close(lock)
    assert done.returncode == 1
    assert done.stderr == (
        f"CommandError: VAR_DIR: another portal runs on {tmp_path}. Stop it, or choose another VAR_DIR.\n"
    )


def test_nothing_is_restored_while_a_portal_runs(tmp_path: Path) -> None:
    lock = var_dir.lock(tmp_path, var_dir.USE_LOCK, shared=True)
    assert lock is not None
    done = manage(tmp_path, "restore", str(tmp_path / "backup"))
    os.close(lock)
    assert done.returncode == 1
    assert done.stderr == f"CommandError: VAR_DIR: a portal runs on {tmp_path}. Stop it first.\n"


@pytest.mark.parametrize("command", [["-m", "portal.web"], ["manage.py", "worker"]])
def test_nothing_uses_the_database_while_a_backup_is_restored(start: Start, tmp_path: Path, command: list[str]) -> None:
    assert manage(tmp_path / "var", "up", "--prepare-only").returncode == 0
    lock = var_dir.lock(tmp_path / "var", var_dir.USE_LOCK)
    assert lock is not None
    portal = start([sys.executable, *command])
    assert portal.process.wait(timeout=TIMEOUT_S) == 1
    os.close(lock)
    assert portal.output().startswith("VAR_DIR: a backup is being restored to")


@pytest.mark.parametrize("command", [["up"], ["createoperator", "ann@example.com"]])
def test_a_broken_database_is_reported_in_one_sentence(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "demo.sqlite3").write_bytes(b"this was a database once" * 100)
    done = manage(tmp_path, *command, given="a long enough phrase\n")
    assert done.returncode == 1
    assert done.stderr.startswith("The database can't be used: file is not a database.")
    assert len(done.stderr.splitlines()) == 1


def test_createoperator_adds_the_first_operator(tmp_path: Path) -> None:
    key = {"MIOSA_API_KEY": "msk_live_0123456789"}
    assert manage(tmp_path, "up", "--prepare-only", **key).returncode == 0
    weak = manage(tmp_path, "createoperator", "ann@example.com", given="password\n", **key)
    assert weak.returncode == 1
    assert "Traceback" not in weak.stderr
    given = "a long enough phrase\n"
    done = manage(tmp_path, "createoperator", "Ann@Example.com", "--name", "Ann", given=given, **key)
    assert done.returncode == 0, done.stderr
    assert "ann@example.com can sign in" in done.stdout


def test_before_the_first_start_a_command_says_what_to_do(tmp_path: Path) -> None:
    done = manage(tmp_path, "createoperator", "ann@example.com", given="a long enough phrase\n")
    assert done.returncode == 1
    assert "start the portal first (manage.py up)" in done.stderr
