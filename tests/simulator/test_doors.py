"""Who may ask, how the connection behaves, what visitors see, what survives a restart."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from portal.simulator.http_server import NotLoopback
from portal.simulator.simulator import RefusedToStart, Simulator
from tests.simulator.conftest import Caller

ROOT = Path(__file__).parents[2]


def test_keys_and_scopes(sim: Caller) -> None:
    main = sim.scenario("healthy")["id"]
    assert Caller(sim.url, None).get("/deployments").json()["error"]["code"] == "invalid_token"
    assert Caller(sim.url, "msk_test_wrong").get("/deployments").status_code == 401
    reader = Caller(sim.url, "msk_test_readonly")
    assert reader.get("/deployments").status_code == 200
    assert reader.post(f"/deployments/{main}/stop").json()["error"]["code"] == "insufficient_scope"
    stranger = Caller(sim.url, "msk_test_other_tenant")
    assert stranger.data("/deployments") == []
    assert stranger.get(f"/deployments/{main}").status_code == 404
    assert "deployments:write" in sim.data("/whoami")["scopes"]
    tenant = sim.data("/platform/tenants/current")
    assert sim.call("GET", "/deployments", headers={"X-MIOSA-Tenant": tenant["slug"]}).status_code == 200
    assert sim.call("GET", "/deployments", headers={"X-MIOSA-Tenant": "another"}).status_code == 403


def test_unknown_paths_and_methods(sim: Caller) -> None:
    assert sim.get("/nothing").status_code == 404
    assert requests.get(f"{sim.url}/deployments", timeout=5).status_code == 404
    assert sim.call("PUT", "/deployments").status_code == 405
    assert sim.call("POST", "/deployments", data="{").status_code == 400
    assert sim.post("/deployments", {"name": ""}).json()["error"]["details"] == {"name": ["can't be blank"]}
    assert sim.post("/deployments", ["x"]).status_code == 422


def test_both_create_paths_and_attribution(sim: Caller) -> None:
    known = sim.post("/deployments", {"name": "A", "external_workspace_id": "pawsome-vets"}).json()["data"]
    new = sim.post("/deployments", {"name": "A", "external_workspace_id": "brand-new"}).json()["data"]
    assert known["slug"] != new["slug"]
    assert "brand-new" in {row["external_workspace_id"] for row in sim.data("/workspaces")}
    path = f"/projects/{known['project_id']}/deployments"
    inside = sim.post(path, {"name": "B", "source_type": "repo", "repo_url": "https://git.example/x"})
    assert inside.json()["webhook_secret"]
    assert inside.json()["data"]["workspace_id"] == known["workspace_id"]
    assert sim.post("/projects/none/deployments", {"name": "B"}).status_code == 404


def test_workspaces(sim: Caller) -> None:
    again = sim.post("/workspaces", {"name": "Anything", "external_workspace_id": "pawsome-vets"})
    assert (again.status_code, again.json()["reused"]) == (200, True)
    clash = sim.post("/workspaces", {"name": "Pawsome Vets"})
    assert (clash.status_code, clash.json()["error"]["existing"]["external_workspace_id"]) == (409, "pawsome-vets")
    made = sim.post("/workspaces", {"name": "Fresh"}).json()["data"]
    assert sim.call("PATCH", f"/workspaces/{made['id']}", json={"name": "Fresher"}).json()["data"]["name"] == "Fresher"
    assert sim.data(f"/workspaces/{made['id']}/deployments") == []
    assert sim.call("DELETE", f"/workspaces/{made['id']}").status_code == 204


def test_bridges_and_publish(sim: Caller) -> None:
    sandbox = sim.data("/sandboxes", external_workspace_id="pawsome-vets")[0]["id"]
    flat = sim.post(f"/sandboxes/{sandbox}/publish", {"name": "Bridged"})
    assert (flat.status_code, flat.json()["promotion_pending"]) == (202, True)
    assert sim.post(f"/sandboxes/{sandbox}/deploy", {"deployment_id": flat.json()["deployment_id"]}).status_code == 202
    assert sim.post(f"/sandboxes/{sandbox}/deploy", {}).status_code == 422
    assert sim.post("/sandboxes/none/deploy", {"name": "x"}).status_code == 404
    assert sim.post(f"/deployments/{flat.json()['deployment_id']}/publish", {}).status_code == 422


def test_sites(sim: Caller) -> None:
    clinic = sim.scenario("on a rollback")
    url = sim.data(f"/deployments/{clinic['id']}")["public_url"]
    assert url == f"{sim.url}/sites/{clinic['slug']}/"
    page = requests.get(url, timeout=5)
    assert (page.status_code, page.headers["X-Live-Version"], ">16<" in page.text) == (200, "16", True)
    assert sim.get(f"/sites/{sim.scenario('stopped')['slug']}/").status_code == 503
    assert sim.get(f"/sites/{sim.scenario('never live')['slug']}/").status_code == 404
    assert sim.get("/sites/none/").status_code == 404
    assert "<script>" not in sim.get(f"/sites/{sim.scenario('hostile text')['slug']}/").text
    assert sim.requests()[-1]["path"].startswith("/api/v1")
    assert sim.get("/_control/requests", visits=1).json()["requests"][-1]["path"].startswith("/sites/")
    forged = requests.get(f"{sim.url}/api/v1/deployments/{clinic['id']}", timeout=5, headers={
        "Host": "evil.example", "Authorization": "Bearer msk_test_demo",
    })  # fmt: skip
    assert forged.json()["data"]["public_url"].startswith(sim.url)


def test_keep_alive_is_quick(sim: Caller) -> None:
    parts = urlsplit(sim.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
    times = []
    for _ in range(60):
        begun = time.perf_counter()
        connection.request("GET", "/api/v1/deployments?limit=5", headers={"Authorization": "Bearer msk_test_demo"})
        assert connection.getresponse().read()
        times.append(time.perf_counter() - begun)
    connection.close()
    assert min(times) < 0.03  # with Nagle each would be 0.04


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", ""])  # noqa: S104  refused
def test_only_loopback(host: str) -> None:
    with pytest.raises(NotLoopback):
        Simulator(host=host)


def test_never_beside_the_real_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIOSA_API_KEY", "msk_live_x")
    with pytest.raises(RefusedToStart):
        Simulator()


def test_state_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Simulator(customers=3, seed=7, state_file=file) as first:
        sim = Caller(first.url)
        made = sim.post("/deployments", {"name": "Kept", "env": {"A": "s3cret-value"}}, key="k").json()["data"]
        sim.post(f"/deployments/{made['id']}/publish", {"source_sandbox_id": sim.data("/sandboxes")[0]["id"]})
        sim.post("/_control/advance", {"seconds": 3600})
        sim.set(paging="page")
        sim.post("/_control/dns", {"name": "x.example", "records": [{"type": "A", "value": "192.0.2.1"}]})
    assert b"s3cret-value" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    with Simulator(state_file=file) as second:
        sim = Caller(second.url)
        assert sim.data(f"/deployments/{made['id']}")["state"] == "running"
        assert sim.get("/_control/settings").json()["settings"]["paging"]["value"] == "page"
        assert "x.example" in [answer["name"] for answer in sim.get("/_control/dns").json()["names"]]
        body = {"name": "Kept", "env": {"A": "s3cret-value"}}
        assert sim.post("/deployments", body, key="k").headers["idempotency-replayed"] == "true"
    with Simulator(state_file=file, seed=8) as other:
        assert "other seed data" in str(other.warning)
    file.write_text("{half")
    with Simulator(state_file=file) as fresh:
        assert "cannot be read" in str(fresh.warning)
        assert len(Caller(fresh.url).state()["customers"]) == 12
    assert (tmp_path / "state.json.broken").exists()


def test_many_customers_are_seeded_and_served_quickly() -> None:
    begun = time.monotonic()
    with Simulator(customers=5000) as many:
        assert time.monotonic() - begun < 20
        sim = Caller(many.url)
        for path in (
            "/deployments?limit=100",
            "/deployments?external_workspace_id=maple-vets",
            "/workspaces?limit=100",
        ):
            times = []
            for _ in range(5):
                begun = time.monotonic()
                assert sim.data(path)
                times.append(time.monotonic() - begun)
            assert min(times) < 0.05


@contextmanager
def listener(status: int = 200) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    heard: list[tuple[dict[str, str], bytes]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook?a=1", heard
    finally:
        server.shutdown()
        server.server_close()


def wait_for(heard: list[Any], count: int) -> None:
    deadline = time.monotonic() + 8
    while len(heard) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_webhooks_are_signed_and_follow_time(sim: Caller) -> None:
    with listener() as (url, heard):
        secret = sim.post("/webhooks", {"url": url, "events": ["deployment.published"]}).json()["secret"]
        main = sim.scenario("healthy")["id"]
        sandbox = sim.data("/sandboxes", external_workspace_id="brightsmile-dental")[0]["id"]
        sim.post(f"/deployments/{main}/publish", {"source_sandbox_id": sandbox})
        wait_for(heard, 1)
        headers, body = heard[0]
        assert headers["X-MIOSA-Signature"] == f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
        assert json.loads(body)["data"]["id"] == main
        sim.set(webhook_signature="legacy_header")
        sim.post("/_control/actions", {"action": "publish", "deployment_id": main})
        wait_for(heard, 2)
        assert heard[1][0]["Miosa-Signature"].startswith("t=")


def test_webhooks_are_retried_and_go_nowhere_else(sim: Caller) -> None:
    for url in ("https://example.org/", "http://192.0.2.1/", "http://localhost.example/"):
        assert sim.post("/webhooks", {"url": url}).status_code == 422
    with listener(500) as (url, heard):
        hook = sim.post("/webhooks", {"url": url, "retry_count": 2}).json()["data"]["id"]
        assert sim.post(f"/webhooks/{hook}/test").status_code == 202
        wait_for(heard, 3)
        time.sleep(0.2)
        (delivery,) = sim.data(f"/webhooks/{hook}/deliveries")
        assert (delivery["status"], delivery["attempt_count"], delivery["response_status"]) == ("failed", 3, 500)
        assert sim.post(f"/webhooks/{hook}/deliveries/{delivery['id']}/replay").status_code == 202
        wait_for(heard, 4)


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
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    clean = {**kept, "VAR_DIR": str(tmp_path / "var")}
    with_key = {**clean, "MIOSA_API_KEY": "msk_live_0123456789"}
    refused = subprocess.run(command, cwd=ROOT, env=with_key, capture_output=True, text=True, timeout=30, check=False)
    assert (refused.returncode, "never runs beside" in refused.stderr) == (1, True)
    with subprocess.Popen(command, cwd=ROOT, env=clean, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            url = running.stdout.readline().split()[-1]
            assert len(Caller(url).state()["customers"]) == 2
            running.terminate()
            assert running.wait(10) == 0
        finally:
            running.kill()
    assert (tmp_path / "s").exists()
