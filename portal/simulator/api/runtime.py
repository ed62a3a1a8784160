"""What runs: instances, their logs, metrics and request statistics (section 10.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.log_stream import stream_response, wants_stream
from portal.simulator.api.pagination import positive_number
from portal.simulator.api.routes import Routes
from portal.simulator.api.serializers import log_path
from portal.simulator.clock import isoformat
from portal.simulator.errors import ApiError, not_found
from portal.simulator.log_text import runtime_lines
from portal.simulator.records import Deployment, Instance

POINTS_BY_WINDOW = {"1h": 12, "24h": 24, "7d": 28}
DEFAULT_LINES = 100
MAX_LINES = 10_000
ACTIVE_STATES = ("starting", "healthy", "unhealthy")

routes = Routes()


# -- instances


def get_instance(call: Call, deployment: Deployment) -> Instance:
    found = deployment.find_instance(str(call.params["instance_id"]))
    if found is None:
        raise not_found("runtime instance")
    return found


@routes.get("/deployments/<deployment_id>/runtime-instances", "deployments:read")
def list_instances(call: Call) -> Response:
    deployment = call.get_deployment()
    rows = [call.serializer.instance(deployment, instance) for instance in deployment.instances]
    return call.respond_rows("runtime_instances", rows)


@routes.get("/deployments/<deployment_id>/runtime-instances/<instance_id>", "deployments:read")
def show_instance(call: Call) -> Response:
    deployment = call.get_deployment()
    row = call.serializer.instance(deployment, get_instance(call, deployment))
    return call.respond(row, noun="runtime_instance")


# -- logs


def list_lines(call: Call, deployment: Deployment) -> list[str]:
    count = positive_number(call.args, "lines", default=DEFAULT_LINES, maximum=MAX_LINES)
    return runtime_lines(call.now, count) if deployment.state == "running" else []


@routes.get("/deployments/<deployment_id>/runtime-instances/<instance_id>/logs", "deployments:read")
def show_instance_logs(call: Call) -> Response:
    deployment = call.get_deployment()
    instance = get_instance(call, deployment)
    lines = list_lines(call, deployment)
    if wants_stream(call):
        return stream_response(call, lines, instance.state)
    return call.respond_json({
        "runtime_instance_id": instance.id,
        "deployment_id": deployment.id,
        "log_path": log_path(instance),
        "logs": "\n".join(lines),
    })  # fmt: skip


@routes.get("/deployments/<deployment_id>/logs", "deployments:read")
def show_deployment_logs(call: Call) -> Response:
    deployment = call.get_deployment()
    lines = list_lines(call, deployment)
    if wants_stream(call):
        return stream_response(call, lines, deployment.state)
    return call.respond({"deployment_id": deployment.id, "lines": lines})


# -- metrics


@routes.get("/deployments/<deployment_id>/metrics", "deployments:read")
def show_metrics(call: Call) -> Response:
    deployment = call.get_deployment()
    window = call.args.get("window", "1h")
    if window not in POINTS_BY_WINDOW:
        raise ApiError(400, f"window must be one of {', '.join(POINTS_BY_WINDOW)}")
    counts = count_instances(deployment.instances)
    newest = deployment.instances[0] if deployment.instances else None
    checked_at = newest.last_health_check_at if newest else None
    return call.respond_json({
        "resource_type": "deployment",
        "deployment_id": deployment.id,
        "window": window,
        "current": {
            "state": deployment.state,
            "runtime_instances": counts,
            "usage": {"runtime_sec": 3600 if newest else 0, "cost_cents": 4 if newest else 0},
            "cpu_limit_millicores": 500 if newest else None,
            "memory_limit_mb": 512 if newest else None,
            "last_health_check_at": checked_at,
            "last_heartbeat_at": checked_at,
        },
        "series": {"runtime_instance_count": [counts["healthy"]] * POINTS_BY_WINDOW[window]},
    })  # fmt: skip


def count_instances(instances: Sequence[Instance]) -> dict[str, int]:
    states = [instance.state for instance in instances]
    return {
        "total": len(states),
        "active": sum(state in ACTIVE_STATES for state in states),
        "healthy": states.count("healthy"),
        "unhealthy": states.count("unhealthy"),
        "error": states.count("error"),
        "restarts": sum(instance.restart_count for instance in instances),
    }


# -- request statistics: no source gives their schemas (section 17, item 12)


@routes.get("/deployments/<deployment_id>/observability", "deployments:read")
def show_observability(call: Call) -> Response:
    deployment = call.get_deployment()
    latency = {"p50": 18, "p95": 74, "p99": 190}
    return call.respond({"deployment_id": deployment.id, "requests": 1240, "error_rate": 0.004, "latency_ms": latency})


@routes.get("/deployments/<deployment_id>/request-logs", "deployments:read")
def list_request_logs(call: Call) -> Response:
    entry: dict[str, Any] = {"at": isoformat(call.now), "method": "GET", "path": "/", "status": 200, "duration_ms": 12}
    entry["deployment_id"] = call.get_deployment().id
    return call.respond({"entries": [entry], "next_cursor": None})


@routes.get("/deployments/<deployment_id>/routes", "deployments:read")
def list_request_routes(call: Call) -> Response:
    deployment = call.get_deployment()
    return call.respond({"deployment_id": deployment.id, "routes": [{"path": "/", "requests": 1100, "errors": 2}]})
