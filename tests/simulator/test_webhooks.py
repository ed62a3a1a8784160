"""Webhooks are signed, retried, and sent to loopback only."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from tests.simulator.conftest import SimulatorClient


@contextmanager
def listener(status: int = 200) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    received: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Prints nothing."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook?a=1", received
    finally:
        server.shutdown()
        server.server_close()


def wait_for(received: list[Any], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(received) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_webhooks_are_signed(sim: SimulatorClient, main: str) -> None:
    with listener() as (url, received):
        secret = sim.post("/webhooks", {"url": url, "events": ["deployment.published"]}).json()["secret"]
        sim.post(f"/deployments/{main}/publish", {"source_sandbox_id": sim.sandbox_id()})
        wait_for(received, 1)
        headers, body = received[0]
        assert headers["X-MIOSA-Signature"] == f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
        assert json.loads(body)["data"]["id"] == main
        sim.configure(webhook_signature="legacy_header")
        sim.run_action("publish", main)
        wait_for(received, 2)
        assert received[1][0]["Miosa-Signature"].startswith("t=")


def test_webhooks_are_retried_and_sent_to_loopback_only(sim: SimulatorClient) -> None:
    for url in ("https://example.org/", "http://192.0.2.1/", "http://localhost.example/"):
        assert sim.post("/webhooks", {"url": url}).status_code == 422
    with listener(500) as (url, received):
        hook = sim.post("/webhooks", {"url": url, "retry_count": 2}).json()["data"]["id"]
        assert sim.post(f"/webhooks/{hook}/test").status_code == 202
        wait_for(received, 3)
        time.sleep(0.2)
        (delivery,) = sim.get_data(f"/webhooks/{hook}/deliveries")
        assert (delivery["status"], delivery["attempt_count"], delivery["response_status"]) == ("failed", 3, 500)
        assert sim.post(f"/webhooks/{hook}/deliveries/{delivery['id']}/replay").status_code == 202
        wait_for(received, 4)
