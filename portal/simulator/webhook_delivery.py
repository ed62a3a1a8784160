"""Sends webhooks (section 13): signed, to loopback addresses only, retried a few times, in a thread of its own."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from portal.simulator.knobs import Settings
from portal.simulator.records import Delivery, Webhook
from portal.simulator.responses import encode_json
from portal.simulator.store import Store

EVENT_TYPES = (
    "deployment.created", "deployment.build_started", "deployment.build_succeeded", "deployment.build_failed",
    "deployment.published", "deployment.domain_attached",
)  # fmt: skip
SIGNATURE_HEADER = "X-MIOSA-Signature"
LEGACY_SIGNATURE_HEADER = "Miosa-Signature"
EVENT_HEADER = "X-MIOSA-Event"
DELIVERY_HEADER = "X-MIOSA-Delivery"
BACKOFF_S = (0.2, 0.5, 1.0, 2.0)
TIMEOUT_S = 5.0
TICK_S = 0.05
MAX_DELIVERIES = 500


class WebhookEvent(NamedTuple):
    type: str
    data: dict[str, Any]
    at: datetime


class WebhookSender:
    """Calls `tick` every 50 ms, so that the end of a build is announced even if no request arrives.

    `webhooks` and `settings` belong to the current state and are replaced on a reset.
    """

    def __init__(self, lock: threading.RLock, tick: Callable[[], None]) -> None:
        self.deliveries: dict[str, Delivery] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.settings = Settings()
        self._lock = lock
        self._tick = tick
        self._queue: queue.PriorityQueue[tuple[float, str]] = queue.PriorityQueue()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def announce(self, store: Store, event: WebhookEvent) -> None:
        """Queues the event for every webhook that listens to it. The caller holds the lock."""
        for webhook in store.webhooks.values():
            if webhook.active and (not webhook.events or event.type in webhook.events):
                self.enqueue(store, webhook, event)

    def enqueue(self, store: Store, webhook: Webhook, event: WebhookEvent) -> Delivery:
        event_id = store.ids.new("evt")
        body = encode_json({"id": event_id, "type": event.type, "created_at": event.at, "data": event.data}).decode()
        delivery = Delivery(
            id=store.ids.new("whd"),
            webhook_id=webhook.id,
            event_id=event_id,
            event_type=event.type,
            body=body,
            status="pending",
            attempt_count=0,
            next_retry_at=None,
            response_status=None,
            error=None,
            created_at=event.at,
        )
        self.send_soon(delivery)
        return delivery

    def send_soon(self, delivery: Delivery) -> None:
        self.deliveries[delivery.id] = delivery
        while len(self.deliveries) > MAX_DELIVERIES:
            del self.deliveries[next(iter(self.deliveries))]
        self._queue.put((time.monotonic(), delivery.id))
        self.start()

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="simulator webhooks", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(TICK_S):
            self._tick()
            while (delivery_id := self._next_due()) is not None:
                self._attempt(delivery_id)

    def _next_due(self) -> str | None:
        try:
            due, delivery_id = self._queue.get_nowait()
        except queue.Empty:
            return None
        if due > time.monotonic():
            self._queue.put((due, delivery_id))
            return None
        return delivery_id

    def _attempt(self, delivery_id: str) -> None:
        """Sends outside the lock, so that a slow receiver does not hold up the API."""
        with self._lock:
            delivery = self.deliveries.get(delivery_id)
            webhook = self.webhooks.get(delivery.webhook_id) if delivery else None
            if delivery is None or webhook is None:
                return
            delivery.attempt_count += 1
            headers = self._headers(webhook, delivery)
        started = time.monotonic()
        status, error = post(webhook.url, delivery.body.encode(), headers)
        with self._lock:
            delivery.response_status, delivery.error = status, error
            delivery.duration_ms = int((time.monotonic() - started) * 1000)
            delivery.attempted_at = datetime.now(UTC)
            self._finish_attempt(webhook, delivery, is_delivered=status is not None and 200 <= status < 300)

    def _finish_attempt(self, webhook: Webhook, delivery: Delivery, *, is_delivered: bool) -> None:
        delivery.next_retry_at = None
        if is_delivered:
            delivery.status = "delivered"
        elif delivery.attempt_count > webhook.retry_count:
            delivery.status = "failed"
        else:
            wait = BACKOFF_S[min(delivery.attempt_count, len(BACKOFF_S)) - 1]
            delivery.status, delivery.next_retry_at = "retrying", datetime.now(UTC) + timedelta(seconds=wait)
            self._queue.put((time.monotonic() + wait, delivery.id))

    def _headers(self, webhook: Webhook, delivery: Delivery) -> dict[str, str]:
        header, signature = sign(webhook.secret, delivery.body.encode(), str(self.settings["webhook_signature"]))
        return {
            "Content-Type": "application/json",
            "User-Agent": "miosa-webhooks/1",
            header: signature,
            EVENT_HEADER: delivery.event_type,
            DELIVERY_HEADER: delivery.id,
        }


def sign(secret: str, body: bytes, variant: str) -> tuple[str, str]:
    """Name and value of the signature header in the variants of section 13.2."""
    if variant == "current":
        return SIGNATURE_HEADER, f"sha256={hmac_sha256(secret, body)}"
    timestamp = int(time.time())
    value = f"t={timestamp},v1={hmac_sha256(secret, f'{timestamp}.'.encode() + body)}"
    return (SIGNATURE_HEADER if variant == "legacy" else LEGACY_SIGNATURE_HEADER), value


def hmac_sha256(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str | None]:
    """The status, or None and what went wrong."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        return connection.getresponse().status, None
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"
    finally:
        connection.close()
