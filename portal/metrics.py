"""Prometheus metrics for `/metrics`. Without the extra `metrics` nothing is counted."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

from portal import heartbeat

AVAILABLE = find_spec("prometheus_client") is not None

if AVAILABLE:
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
    from prometheus_client import REGISTRY as PROCESS_REGISTRY
    from prometheus_client.multiprocess import MultiProcessCollector

    REQUESTS = Counter("portal_requests_total", "Requests answered", ["method", "view", "status"])
    HEARTBEAT = Gauge(
        "portal_worker_heartbeat_age_seconds",
        "Since a worker's heartbeat; -1: never",
        multiprocess_mode="mostrecent",
    )
    SECONDS = Histogram("portal_request_seconds", "Time to answer", ["view"])


def count_request(*, method: str, view: str, status: int, seconds: float) -> None:
    if AVAILABLE:
        method = method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
        REQUESTS.labels(method, view, str(status)).inc()
        SECONDS.labels(view).observe(seconds)


def render() -> tuple[bytes, str]:
    """The page and its content type. With `PROMETHEUS_MULTIPROC_DIR` it covers all web processes."""
    registry: Any = PROCESS_REGISTRY
    age_s = heartbeat.age_s()
    HEARTBEAT.set(-1 if age_s is None else age_s)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST
