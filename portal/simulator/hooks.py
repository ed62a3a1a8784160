"""Webhooks out: signed deliveries to loopback addresses, retried a few times. The only thing with a thread."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import queue
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from portal.simulator.calls import encoded
from portal.simulator.records import Delivery, Webhook

if TYPE_CHECKING:
    from portal.simulator.platform import Platform
    from portal.simulator.world import World

EVENTS = (
    "deployment.created", "deployment.build_started", "deployment.build_succeeded", "deployment.build_failed",
    "deployment.published", "deployment.domain_attached",
)  # fmt: skip
BACKOFF_S = (0.2, 0.5, 1.0, 2.0)
TIMEOUT_S = 5.0
KEPT = 500


class Hooks:
    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.deliveries: dict[str, Delivery] = {}
        self._due: queue.PriorityQueue[tuple[float, str]] = queue.PriorityQueue()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def announce(self, world: World, name: str, data: dict[str, Any], at: datetime) -> None:
        """Called under the platform's lock; sending happens outside it."""
        for hook in world.webhooks.values():
            if hook.active and (not hook.events or name in hook.events):
                self.enqueue(world, hook, name, data, at)

    def enqueue(self, world: World, hook: Webhook, name: str, data: dict[str, Any], at: datetime) -> Delivery:
        event_id = world.ids.new("evt")
        body = encoded({"id": event_id, "type": name, "created_at": at, "data": data}).decode()
        delivery = Delivery(
            id=world.ids.new("whd"), webhook_id=hook.id, event_id=event_id, event_type=name, body=body,
            status="pending", attempt_count=0, next_retry_at=None, response_status=None, error=None, created_at=at,
        )  # fmt: skip
        self.again(delivery)
        return delivery

    def again(self, delivery: Delivery) -> None:
        self.deliveries[delivery.id] = delivery
        while len(self.deliveries) > KEPT:
            del self.deliveries[next(iter(self.deliveries))]
        self._due.put((time.monotonic(), delivery.id))
        self.start()

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="simulator webhooks", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        """Also lets time pass, so that a build that nobody asks about is announced when it ends."""
        while not self._stopped.wait(0.05):
            self.platform.catch_up()
            while True:
                try:
                    due, delivery_id = self._due.get_nowait()
                except queue.Empty:
                    break
                if due > time.monotonic():
                    self._due.put((due, delivery_id))
                    break
                self._attempt(delivery_id)

    def _attempt(self, delivery_id: str) -> None:
        with self.platform.lock:
            delivery = self.deliveries.get(delivery_id)
            hook = self.platform.world.webhooks.get(delivery.webhook_id) if delivery else None
            if delivery is None or hook is None:
                return
            delivery.attempt_count += 1
            headers = self._headers(hook, delivery)
        started = time.monotonic()
        status, error = send(hook.url, delivery.body.encode(), headers)
        with self.platform.lock:
            delivery.response_status, delivery.error = status, error
            delivery.duration_ms = int((time.monotonic() - started) * 1000)
            delivery.attempted_at = datetime.now(UTC)
            self._judge(hook, delivery, ok=status is not None and 200 <= status < 300)

    def _judge(self, hook: Webhook, delivery: Delivery, *, ok: bool) -> None:
        delivery.next_retry_at = None
        if ok:
            delivery.status = "delivered"
        elif delivery.attempt_count > hook.retry_count:
            delivery.status = "failed"
        else:
            wait = BACKOFF_S[min(delivery.attempt_count, len(BACKOFF_S)) - 1]
            delivery.status, delivery.next_retry_at = "retrying", datetime.now(UTC) + timedelta(seconds=wait)
            self._due.put((time.monotonic() + wait, delivery.id))

    def _headers(self, hook: Webhook, delivery: Delivery) -> dict[str, str]:
        style = self.platform.settings["webhook_signature"]
        body = delivery.body.encode()
        if style == "current":
            name, value = "X-MIOSA-Signature", f"sha256={signature(hook.secret, body)}"
        else:
            moment = int(time.time())
            value = f"t={moment},v1={signature(hook.secret, f'{moment}.'.encode() + body)}"
            name = "X-MIOSA-Signature" if style == "legacy" else "Miosa-Signature"
        return {"Content-Type": "application/json", "User-Agent": "miosa-webhooks/1", name: value,
                "X-MIOSA-Event": delivery.event_type, "X-MIOSA-Delivery": delivery.id}  # fmt: skip


def signature(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def send(url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str | None]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        return connection.getresponse().status, None
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"
    finally:
        connection.close()
