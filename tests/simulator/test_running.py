"""Starting and stopping: connections, loopback, the state file, many customers, the command."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from portal.simulator.http_server import NotLoopback
from portal.simulator.simulator import RefusedToStart, Simulator
from tests.simulator.conftest import SimulatorClient

ROOT = Path(__file__).parents[2]


def test_connections_are_kept_alive(sim: SimulatorClient) -> None:
    connection = http.client.HTTPConnection(urlsplit(sim.url).netloc)
    connection.connect()
    first_socket = connection.sock
    for _ in range(3):
        connection.request("GET", "/api/v1/deployments?limit=5", headers={"Authorization": "Bearer msk_test_demo"})
        assert connection.getresponse().read()
        assert connection.sock is first_socket
    connection.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", ""])  # noqa: S104  refused
def test_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(NotLoopback):
        Simulator(host=host)


def test_refuses_to_start_beside_the_real_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIOSA_API_KEY", "msk_live_x")
    with pytest.raises(RefusedToStart):
        Simulator()


def test_state_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Simulator(customers=3, seed=7, state_file=file) as first:
        sim = SimulatorClient(first.url)
        made = sim.post("/deployments", {"name": "Kept", "env": {"A": "s3cret-value"}}, key="k").json()["data"]
        sim.post(f"/deployments/{made['id']}/publish", {"source_sandbox_id": sim.get_data("/sandboxes")[0]["id"]})
        sim.advance(3600)
        sim.configure(paging="page")
        sim.control("dns", {"name": "x.example", "records": [{"type": "A", "value": "192.0.2.1"}]})
    assert b"s3cret-value" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    with Simulator(state_file=file) as second:
        sim = SimulatorClient(second.url)
        assert sim.get_data(f"/deployments/{made['id']}")["state"] == "running"
        assert sim.get("/_control/settings").json()["settings"]["paging"]["value"] == "page"
        assert "x.example" in [answer["name"] for answer in sim.get("/_control/dns").json()["names"]]
        body = {"name": "Kept", "env": {"A": "s3cret-value"}}
        assert sim.post("/deployments", body, key="k").headers["idempotency-replayed"] == "true"
    with Simulator(state_file=file, seed=8) as other:
        assert "other seed data" in str(other.warning)
    file.write_text('{"format": 1}')
    with Simulator(state_file=file) as older:
        assert "another version" in str(older.warning)
    file.write_text("{half")
    with Simulator(state_file=file) as fresh:
        assert "cannot be read" in str(fresh.warning)
        assert len(SimulatorClient(fresh.url).state()["customers"]) == 12
    assert (tmp_path / "state.json.broken").exists()


def test_many_customers_are_seeded_and_served() -> None:
    with Simulator(customers=5000) as many:
        sim = SimulatorClient(many.url)
        for path in (
            "/deployments?limit=100",
            "/deployments?external_workspace_id=maple-vets",
            "/workspaces?limit=100",
        ):
            assert sim.get_data(path)


def test_the_command(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "manage.py",
        "simulator",
        "--port",
        "0",
        "--state",
        str(tmp_path / "s"),
        "--customers",
        "2",
    ]
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**inherited, "VAR_DIR": str(tmp_path / "var")}
    with_key = {**environment, "MIOSA_API_KEY": "msk_live_0123456789"}
    refused = subprocess.run(command, cwd=ROOT, env=with_key, capture_output=True, text=True, timeout=30, check=False)
    assert (refused.returncode, "never runs beside" in refused.stderr) == (1, True)
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            url = running.stdout.readline().split()[-1]
            assert len(SimulatorClient(url).state()["customers"]) == 2
            running.terminate()
            assert running.wait(10) == 0
        finally:
            running.kill()
    assert (tmp_path / "s").exists()
