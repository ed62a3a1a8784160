"""Webhook endpoints: create, list, change, test, deliveries, replay."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from portal.simulator.calls import Call, route
from portal.simulator.errors import invalid, not_found
from portal.simulator.hooks import EVENTS
from portal.simulator.records import Delivery, Webhook


def row(hook: Webhook) -> dict[str, Any]:
    return {
        "id": hook.id, "url": hook.url, "events": hook.events, "name": hook.name, "active": hook.active,
        "enabled": hook.active, "retry_count": hook.retry_count, "secret_preview": f"…{hook.secret[-4:]}",
        "created_at": hook.created_at, "updated_at": hook.updated_at,
    }  # fmt: skip


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id, "webhook_id": delivery.webhook_id, "event_id": delivery.event_id,
        "event_type": delivery.event_type, "status": delivery.status, "state": delivery.status,
        "attempt_count": delivery.attempt_count, "next_retry_at": delivery.next_retry_at,
        "response_status": delivery.response_status, "status_code": delivery.response_status,
        "success": delivery.status == "delivered", "error": delivery.error, "duration_ms": delivery.duration_ms,
        "attempted_at": delivery.attempted_at, "created_at": delivery.created_at,
    }  # fmt: skip


def find(call: Call) -> Webhook:
    hook = call.world.webhooks.get(str(call.params["webhook_id"]))
    if hook is None:
        raise not_found("webhook")
    return hook


def loopback_url(call: Call, body: dict[str, Any]) -> str:
    """The simulator talks to loopback only, so plain HTTP is accepted there."""
    url = str(call.text(body, "url", required=True))
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if parts.scheme != "http" or not loopback:
        raise invalid("url", "must be http on loopback: the simulator sends nowhere else")
    return url


def read_events(body: dict[str, Any]) -> list[str]:
    events = body.get("events") or []
    if not isinstance(events, list) or any(event not in EVENTS for event in events):
        raise invalid("events", f"must be a list of {', '.join(EVENTS)}")
    return events


def read_retries(body: dict[str, Any]) -> int:
    retries = body.get("retry_count", 3)
    if not isinstance(retries, int) or not 0 <= retries <= 10:
        raise invalid("retry_count", "must be between 0 and 10")
    return retries


@route("GET", "/webhooks/events", "deployments:read")
def catalog(call: Call) -> Response:
    return call.json({
        "events": list(EVENTS), "categories": {"deployment": list(EVENTS)},
        "signing": {"header": "X-MIOSA-Signature", "algorithm": "hmac-sha256", "format": "sha256=<hex>"},
        "delivery_headers": ["X-MIOSA-Signature", "X-MIOSA-Event", "X-MIOSA-Delivery"],
    })  # fmt: skip


@route("GET", "/webhooks", "deployments:read")
def list_webhooks(call: Call) -> Response:
    return call.rows("webhooks", [row(hook) for hook in call.world.webhooks.values()])


@route("POST", "/webhooks", "deployments:write")
def create(call: Call) -> Response:
    body = call.body()
    hook = Webhook(
        id=call.world.ids.new("wh"),
        url=loopback_url(call, body),
        events=read_events(body),
        secret=call.text(body, "secret") or f"whsec_{secrets.token_hex(24)}",
        name=call.text(body, "name"),
        active=body.get("active", body.get("enabled", True)) is not False,
        retry_count=read_retries(body),
        created_at=call.now,
        updated_at=call.now,
    )
    call.world.webhooks[hook.id] = hook
    call.platform.hooks.start()
    if call.settings["webhook_secret"] == "data":  # noqa: S105  the name of a knob
        return call.one({**row(hook), "secret": hook.secret}, status=201)
    return call.one(row(hook), status=201, beside={"secret": hook.secret})


@route("GET", "/webhooks/<webhook_id>", "deployments:read")
def show(call: Call) -> Response:
    return call.one(row(find(call)))


@route("PATCH", "/webhooks/<webhook_id>", "deployments:write")
def update(call: Call) -> Response:
    hook = find(call)
    body = call.body()
    if "url" in body:
        hook.url = loopback_url(call, body)
    if "events" in body:
        hook.events = read_events(body)
    if "retry_count" in body:
        hook.retry_count = read_retries(body)
    hook.active = body.get("active", body.get("enabled", hook.active)) is not False
    hook.updated_at = call.now
    return call.one(row(hook))


@route("DELETE", "/webhooks/<webhook_id>", "deployments:write")
def delete(call: Call) -> Response:
    hook = find(call)
    del call.world.webhooks[hook.id]
    return call.deleted(id=hook.id)


@route("POST", "/webhooks/<webhook_id>/test", "deployments:write")
def test(call: Call) -> Response:
    delivery = call.platform.hooks.enqueue(call.world, find(call), "webhook.test", {"test": True}, call.now)
    return call.one({"delivery_id": delivery.id, "status": "queued"}, status=202)


@route("GET", "/webhooks/<webhook_id>/deliveries", "deployments:read")
def list_deliveries(call: Call) -> Response:
    hook = find(call)
    rows = [delivery_row(d) for d in call.platform.hooks.deliveries.values() if d.webhook_id == hook.id]
    return call.rows("deliveries", rows[::-1])


@route("POST", "/webhooks/<webhook_id>/deliveries/<delivery_id>/replay", "deployments:write")
def replay(call: Call) -> Response:
    find(call)
    delivery = call.platform.hooks.deliveries.get(str(call.params["delivery_id"]))
    if delivery is None:
        raise not_found("delivery")
    delivery.status, delivery.attempt_count = "pending", 0
    call.platform.hooks.again(delivery)
    return call.json({"replay_id": delivery.id}, 202)
