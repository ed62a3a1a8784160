"""The URL map of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map
from werkzeug.wrappers import Request

from portal.simulator.api import (
    builds,
    deployments,
    domains,
    env_vars,
    live_version,
    publishing,
    runtime,
    sandboxes,
    versions,
    webhooks,
    workspaces,
)
from portal.simulator.api.routes import Route
from portal.simulator.errors import ApiError, unknown_route

RESOURCES = (
    builds.routes,
    deployments.routes,
    domains.routes,
    env_vars.routes,
    live_version.routes,
    publishing.routes,
    runtime.routes,
    sandboxes.routes,
    versions.routes,
    webhooks.routes,
    workspaces.routes,
)
URLS = Map([rule for resource in RESOURCES for rule in resource.rules], strict_slashes=False, merge_slashes=False).bind(
    "simulator"
)


def get_route(request: Request) -> tuple[Route, Mapping[str, Any]]:
    """The route and the parameters in its path. Raises ApiError 404 or 405."""
    try:
        return URLS.match(request.path, method=request.method)
    except MethodNotAllowed:
        raise ApiError(405, "method not allowed") from None
    except HTTPException:
        raise unknown_route() from None
