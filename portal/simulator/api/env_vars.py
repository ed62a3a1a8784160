"""Env vars (section 10.7). Answers hold names and masks; values only under the knob `env_rows`."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.routes import Routes
from portal.simulator.api.serializers import Row
from portal.simulator.defaults import ENVIRONMENT
from portal.simulator.errors import ApiError, invalid, not_found, unknown_route
from portal.simulator.records import Deployment, EnvVar

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
RESERVED_PREFIX = "MIOSA_"
MAX_VALUE = 32_768
MAX_ENVIRONMENT = 64

routes = Routes()


def parse_env(env: Any) -> dict[str, str]:
    """Names and values as sent. Raises ApiError 422."""
    if not isinstance(env, dict):
        raise invalid("env", "must be an object of strings")
    for name, value in env.items():
        if not NAME.fullmatch(name):
            raise invalid("env", "has a name that is not allowed")
        if name.startswith(RESERVED_PREFIX):
            raise invalid("env", f"has a reserved name: {name}")
        if not isinstance(value, str):
            raise invalid("env", f"value of {name} must be a string")
        if len(value) > MAX_VALUE:
            raise invalid("env", f"value of {name} is too long")
    return env


def serialize_env_var(call: Call, deployment: Deployment, var: EnvVar) -> Row:
    """Section 8.7."""
    if call.settings["env_rows"] == "key_value":
        return {"key": var.name, "value": call.store.env_values.get((deployment.id, var.environment, var.name), "")}
    return {
        "name": var.name,
        "preview": var.preview,
        "environment": var.environment,
        "is_secret": var.is_secret,
        "created_at": var.created_at,
        "updated_at": var.updated_at,
    }


def respond_env(call: Call, deployment: Deployment) -> Response:
    ordered = sorted(deployment.env, key=lambda var: (var.name, var.environment))
    return call.respond_rows("env", [serialize_env_var(call, deployment, var) for var in ordered])


@routes.get("/deployments/<deployment_id>/env", "deployments:read")
def list_env(call: Call) -> Response:
    return respond_env(call, call.get_deployment())


@routes.post("/deployments/<deployment_id>/env", "deployments:write")
def set_env(call: Call) -> Response:
    """Merges, or replaces by the knob `env_mode`."""
    deployment = call.get_deployment()
    body = call.body()
    values = parse_env(body.get("env"))
    environment = call.text(body, "environment", limit=MAX_ENVIRONMENT) or ENVIRONMENT
    if call.settings["env_mode"] == "replace":
        deployment.env = [var for var in deployment.env if var.environment != environment or var.name in values]
    for name, value in values.items():
        call.store.env_values[deployment.id, environment, name] = value
        var = deployment.find_env(name, environment)
        if var is None:
            var = EnvVar(name=name, environment=environment, created_at=call.now, updated_at=call.now)
            deployment.env.append(var)
        var.mask(value)
        var.updated_at = call.now
    return respond_env(call, deployment)


@routes.delete("/deployments/<deployment_id>/env/<name>", "deployments:write")
def delete_env(call: Call) -> Response:
    """From all environments unless the query names one."""
    support = call.settings["env_delete"]
    if support != "supported":
        raise unknown_route() if support == "404" else ApiError(405, "method not allowed")
    deployment = call.get_deployment()
    name, environment = str(call.params["name"]), call.args.get("environment")
    removed = [var for var in deployment.env if var.name == name and environment in (None, var.environment)]
    if not removed:
        raise not_found("env var")
    deployment.env = [var for var in deployment.env if var not in removed]
    return call.respond_deleted(name=name)
