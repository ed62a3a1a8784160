"""Webhook endpoints and their deliveries (section 13.1)."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.routes import Routes
from portal.simulator.api.serializers import Row
from portal.simulator.errors import invalid, not_found
from portal.simulator.records import Delivery, Webhook
from portal.simulator.webhook_delivery import (
    DELIVERY_HEADER,
    EVENT_HEADER,
    EVENT_TYPES,
    SIGNATURE_HEADER,
    WebhookEvent,
)

DEFAULT_RETRIES = 3
MAX_RETRIES = 10

routes = Routes()


def serialize_webhook(webhook: Webhook) -> Row:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.events,
        "name": webhook.name,
        "active": webhook.active,
        "enabled": webhook.active,
        "retry_count": webhook.retry_count,
        "secret_preview": f"…{webhook.secret[-4:]}",
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
    }


def serialize_delivery(delivery: Delivery) -> Row:
    return {
        "id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "status": delivery.status,
        "state": delivery.status,
        "attempt_count": delivery.attempt_count,
        "next_retry_at": delivery.next_retry_at,
        "response_status": delivery.response_status,
        "status_code": delivery.response_status,
        "success": delivery.status == "delivered",
        "error": delivery.error,
        "duration_ms": delivery.duration_ms,
        "attempted_at": delivery.attempted_at,
        "created_at": delivery.created_at,
    }


def get_webhook(call: Call) -> Webhook:
    found = call.store.webhooks.get(str(call.params["webhook_id"]))
    if found is None:
        raise not_found("webhook")
    return found


def parse_url(call: Call, body: Mapping[str, Any]) -> str:
    """On loopback only. That is also why plain HTTP is accepted, unlike at MIOSA."""
    url = str(call.text(body, "url", required=True))
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if parts.scheme != "http" or not is_loopback:
        raise invalid("url", "must be http on loopback: the simulator sends nowhere else")
    return url


def parse_events(body: Mapping[str, Any]) -> list[str]:
    """An empty list means all."""
    events = body.get("events") or []
    if not isinstance(events, list) or any(event not in EVENT_TYPES for event in events):
        raise invalid("events", f"must be a list of {', '.join(EVENT_TYPES)}")
    return events


def parse_retries(body: Mapping[str, Any]) -> int:
    retries = body.get("retry_count", DEFAULT_RETRIES)
    if not isinstance(retries, int) or not 0 <= retries <= MAX_RETRIES:
        raise invalid("retry_count", f"must be between 0 and {MAX_RETRIES}")
    return retries


def parse_active(body: Mapping[str, Any], *, default: bool) -> bool:
    return body.get("active", body.get("enabled", default)) is not False


@routes.get("/webhooks/events", "deployments:read")
def show_catalog(call: Call) -> Response:
    return call.respond_json({
        "events": list(EVENT_TYPES),
        "categories": {"deployment": list(EVENT_TYPES)},
        "signing": {"header": SIGNATURE_HEADER, "algorithm": "hmac-sha256", "format": "sha256=<hex>"},
        "delivery_headers": [SIGNATURE_HEADER, EVENT_HEADER, DELIVERY_HEADER],
    })  # fmt: skip


@routes.get("/webhooks", "deployments:read")
def list_webhooks(call: Call) -> Response:
    return call.respond_rows("webhooks", [serialize_webhook(webhook) for webhook in call.store.webhooks.values()])


@routes.post("/webhooks", "deployments:write")
def create(call: Call) -> Response:
    """The secret is shown only in this answer, beside `data` or in it (section 16, row 19)."""
    body = call.body()
    webhook = Webhook(
        id=call.store.ids.new("wh"),
        url=parse_url(call, body),
        events=parse_events(body),
        secret=call.text(body, "secret") or f"whsec_{secrets.token_hex(24)}",
        name=call.text(body, "name"),
        active=parse_active(body, default=True),
        retry_count=parse_retries(body),
        created_at=call.now,
        updated_at=call.now,
    )
    call.store.webhooks[webhook.id] = webhook
    call.state.webhooks.start()
    row, secret = serialize_webhook(webhook), {"secret": webhook.secret}
    if call.settings["webhook_secret"] == "top":  # noqa: S105  the name of a knob
        return call.respond(row, status=201, beside=secret)
    return call.respond(row | secret, status=201)


@routes.get("/webhooks/<webhook_id>", "deployments:read")
def show_webhook(call: Call) -> Response:
    return call.respond(serialize_webhook(get_webhook(call)))


@routes.patch("/webhooks/<webhook_id>", "deployments:write")
def update(call: Call) -> Response:
    webhook = get_webhook(call)
    body = call.body()
    if "url" in body:
        webhook.url = parse_url(call, body)
    if "events" in body:
        webhook.events = parse_events(body)
    if "retry_count" in body:
        webhook.retry_count = parse_retries(body)
    webhook.active = parse_active(body, default=webhook.active)
    webhook.updated_at = call.now
    return call.respond(serialize_webhook(webhook))


@routes.delete("/webhooks/<webhook_id>", "deployments:write")
def delete(call: Call) -> Response:
    webhook = get_webhook(call)
    del call.store.webhooks[webhook.id]
    return call.respond_deleted(id=webhook.id)


@routes.post("/webhooks/<webhook_id>/test", "deployments:write")
def send_test(call: Call) -> Response:
    event = WebhookEvent("webhook.test", {"test": True}, call.now)
    delivery = call.state.webhooks.enqueue(call.store, get_webhook(call), event)
    return call.respond({"delivery_id": delivery.id, "status": "queued"}, status=202)


@routes.get("/webhooks/<webhook_id>/deliveries", "deployments:read")
def list_deliveries(call: Call) -> Response:
    webhook = get_webhook(call)
    deliveries = reversed(call.state.webhooks.deliveries.values())
    rows = [serialize_delivery(delivery) for delivery in deliveries if delivery.webhook_id == webhook.id]
    return call.respond_rows("deliveries", rows)


@routes.post("/webhooks/<webhook_id>/deliveries/<delivery_id>/replay", "deployments:write")
def replay(call: Call) -> Response:
    get_webhook(call)
    delivery = call.state.webhooks.deliveries.get(str(call.params["delivery_id"]))
    if delivery is None:
        raise not_found("delivery")
    delivery.status, delivery.attempt_count = "pending", 0
    call.state.webhooks.send_soon(delivery)
    return call.respond_json({"replay_id": delivery.id}, 202)
