"""Every module of endpoints; importing this registers their routes."""

from __future__ import annotations

from portal.simulator import (
    deployments,
    domains,
    env,
    pointer,
    publishing,
    runtime,
    sandboxes,
    versions,
    webhooks,
    workspaces,
)

__all__ = [
    "deployments",
    "domains",
    "env",
    "pointer",
    "publishing",
    "runtime",
    "sandboxes",
    "versions",
    "webhooks",
    "workspaces",
]
