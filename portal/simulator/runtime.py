"""What runs: builds, instances, logs, metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator import listing, logtext
from portal.simulator.calls import Call, route
from portal.simulator.clock import iso
from portal.simulator.errors import Refusal, not_found
from portal.simulator.records import Build, Deployment, Instance

WINDOWS = {"1h": 12, "24h": 24, "7d": 28}


def wants_stream(call: Call) -> bool:
    """By Accept, else by knob. Asking for an event stream alone meets a pipeline that only knows JSON."""
    accept = call.request.headers.get("Accept", "")
    if "text/event-stream" not in accept:
        return call.settings["log_format"] == "sse"
    if "json" not in accept and "*/*" not in accept and call.settings["sse_alone"] == 406:
        raise Refusal(406, "not acceptable: this route answers application/json")
    return True


def stream(lines: Iterable[str], now: str, state: str | None) -> Response:
    frames = [
        f"event: log_line\ndata: {json.dumps({'stream': 'stdout', 'line': line, 'ts': now})}\n\n" for line in lines
    ]
    done = json.dumps({"type": "done", "result": {"state": state}})
    return Response(": connected\n\n" + "".join(frames) + f"data: {done}\n\n", content_type="text/event-stream")


# -- builds of repositories


def find_build(call: Call, deployment: Deployment) -> Build:
    found = next((b for b in deployment.builds if b.id == call.params["build_id"]), None)
    if found is None:
        raise not_found("build")
    return found


@route("GET", "/deployments/<deployment_id>/builds", "deployments:read")
def list_builds(call: Call) -> Response:
    builds = reversed(call.deployment().builds)
    return call.many("builds", builds, key=lambda b: [b.created_at.timestamp(), b.id], draw=call.shapes.build)


@route("GET", "/deployments/<deployment_id>/builds/<build_id>", "deployments:read")
def show_build(call: Call) -> Response:
    return call.one(call.shapes.build(find_build(call, call.deployment())), noun="build")


@route("GET", "/deployments/<deployment_id>/builds/<build_id>/logs", "deployments:read")
def build_logs(call: Call) -> Response:
    build = find_build(call, call.deployment())
    lines = list(logtext.of_build(build))
    if wants_stream(call):
        return stream(lines, iso(call.now), build.state)
    return call.one({"build_id": build.id, "deployment_id": build.deployment_id, "logs": "\n".join(lines)})


# -- instances


def find_instance(call: Call, deployment: Deployment) -> Instance:
    found = next((i for i in deployment.instances if i.id == call.params["instance_id"]), None)
    if found is None:
        raise not_found("runtime instance")
    return found


@route("GET", "/deployments/<deployment_id>/runtime-instances", "deployments:read")
def list_instances(call: Call) -> Response:
    deployment = call.deployment()
    return call.rows("runtime_instances", [call.shapes.instance(deployment, i) for i in deployment.instances])


@route("GET", "/deployments/<deployment_id>/runtime-instances/<instance_id>", "deployments:read")
def show_instance(call: Call) -> Response:
    deployment = call.deployment()
    return call.one(call.shapes.instance(deployment, find_instance(call, deployment)), noun="runtime_instance")


@route("GET", "/deployments/<deployment_id>/runtime-instances/<instance_id>/logs", "deployments:read")
def instance_logs(call: Call) -> Response:
    deployment = call.deployment()
    instance = find_instance(call, deployment)
    lines = runtime_lines(call, deployment)
    if wants_stream(call):
        return stream(lines, iso(call.now), instance.state)
    return call.json({
        "runtime_instance_id": instance.id, "deployment_id": deployment.id,
        "log_path": f"/var/lib/miosa/instances/{instance.vm_id}/stdout.log", "logs": "\n".join(lines),
    })  # fmt: skip


@route("GET", "/deployments/<deployment_id>/logs", "deployments:read")
def deployment_logs(call: Call) -> Response:
    deployment = call.deployment()
    lines = runtime_lines(call, deployment)
    if wants_stream(call):
        return stream(lines, iso(call.now), deployment.state)
    return call.one({"deployment_id": deployment.id, "lines": lines})


def runtime_lines(call: Call, deployment: Deployment) -> list[str]:
    count = listing.whole_number(call.args, "lines", 100, 10_000)
    return logtext.of_runtime(deployment, call.now, count) if deployment.state == "running" else []


# -- figures


@route("GET", "/deployments/<deployment_id>/metrics", "deployments:read")
def metrics(call: Call) -> Response:
    d = call.deployment()
    window = call.args.get("window", "1h")
    if window not in WINDOWS:
        raise Refusal(400, f"window must be one of {', '.join(WINDOWS)}")
    states = [i.state for i in d.instances]
    newest = d.instances[0] if d.instances else None
    return call.json({
        "resource_type": "deployment",
        "deployment_id": d.id,
        "window": window,
        "current": {
            "state": d.state,
            "runtime_instances": {
                "total": len(states), "active": sum(s in ("starting", "healthy", "unhealthy") for s in states),
                "healthy": states.count("healthy"), "unhealthy": states.count("unhealthy"),
                "error": states.count("error"), "restarts": sum(i.restart_count for i in d.instances),
            },
            "usage": {"runtime_sec": 3600 * bool(states), "cost_cents": 4 * bool(states)},
            "cpu_limit_millicores": 500 if states else None,
            "memory_limit_mb": 512 if states else None,
            "last_health_check_at": newest.last_health_check_at if newest else None,
            "last_heartbeat_at": newest.last_health_check_at if newest else None,
        },
        "series": {"runtime_instance_count": [states.count("healthy")] * WINDOWS[window]},
    })  # fmt: skip


@route("GET", "/deployments/<deployment_id>/observability", "deployments:read")
def observability(call: Call) -> Response:
    d = call.deployment()
    figures: dict[str, Any] = {"deployment_id": d.id, "requests": 1240, "error_rate": 0.004}
    return call.one({**figures, "latency_ms": {"p50": 18, "p95": 74, "p99": 190}})


@route("GET", "/deployments/<deployment_id>/request-logs", "deployments:read")
def request_logs(call: Call) -> Response:
    d = call.deployment()
    rows = [
        {"at": iso(call.now), "method": "GET", "path": "/", "status": 200, "duration_ms": 12, "deployment_id": d.id}
    ]
    return call.one({"entries": rows, "next_cursor": None})


@route("GET", "/deployments/<deployment_id>/routes", "deployments:read")
def routes(call: Call) -> Response:
    d = call.deployment()
    return call.one({"deployment_id": d.id, "routes": [{"path": "/", "requests": 1100, "errors": 2}]})


@route("POST", "/deployments/<deployment_id>/database", "deployments:write", "data:write")
def attach_database(call: Call) -> Response:
    d = call.deployment()
    d.linked_database_id = call.text(call.body(), "database_id") or call.world.ids.new("db")
    d.updated_at = call.now
    return call.one({"deployment_id": d.id, "database_id": d.linked_database_id, "state": "attached"})


@route("GET", "/deployments/<deployment_id>/connectors", "deployments:read")
def connectors(call: Call) -> Response:
    call.deployment()
    return call.rows("connectors", [])


@route("GET", "/deployment-environments", "deployments:read")
def environments(call: Call) -> Response:
    return call.rows("environments", [{"id": f"env_{name}", "name": name} for name in ("production", "staging")])
