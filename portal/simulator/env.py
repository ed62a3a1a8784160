"""Env vars: names and masks, values never come back (unless the knob says that this platform does)."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator.calls import Call, route
from portal.simulator.errors import Refusal, invalid, not_found
from portal.simulator.records import Deployment, EnvVar

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
LONGEST_VALUE = 32_768
_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|PRIVATE|API_KEY", re.IGNORECASE)


def preview_of(name: str, value: str) -> tuple[bool, str]:
    """Whether it is a secret, and its mask."""
    if _SECRET.search(name):
        return True, "••••••••"
    return False, f"{value[:3]}...{value[-3:]}" if len(value) > 8 else "•" * max(len(value), 1)


def read_env(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise invalid("env", "must be an object of strings")
    for name, value in given.items():
        if not NAME.fullmatch(name):
            raise invalid("env", "has a name that is not allowed")
        if name.startswith("MIOSA_"):
            raise invalid("env", f"has a reserved name: {name}")
        if not isinstance(value, str):
            raise invalid("env", f"value of {name} must be a string")
        if len(value) > LONGEST_VALUE:
            raise invalid("env", f"value of {name} is too long")
    return given


def row(call: Call, deployment: Deployment, var: EnvVar) -> dict[str, Any]:
    if call.settings["env_rows"] == "key_value":
        return {"key": var.name, "value": call.world.env_values.get((deployment.id, var.environment, var.name), "")}
    return {
        "name": var.name,
        "preview": var.preview,
        "environment": var.environment,
        "is_secret": var.is_secret,
        "created_at": var.created_at,
        "updated_at": var.updated_at,
    }


def answer(call: Call, deployment: Deployment) -> Response:
    ordered = sorted(deployment.env, key=lambda var: (var.name, var.environment))
    return call.rows("env", [row(call, deployment, var) for var in ordered])


@route("GET", "/deployments/<deployment_id>/env", "deployments:read")
def list_env(call: Call) -> Response:
    return answer(call, call.deployment())


@route("POST", "/deployments/<deployment_id>/env", "deployments:write")
def set_env(call: Call) -> Response:
    deployment = call.deployment()
    body = call.body()
    given = read_env(body.get("env"))
    environment = call.text(body, "environment", limit=64) or "production"
    if call.settings["env_mode"] == "replace":
        deployment.env = [var for var in deployment.env if var.environment != environment or var.name in given]
    for name, value in given.items():
        secret, preview = preview_of(name, value)
        call.world.env_values[deployment.id, environment, name] = value
        known = next((v for v in deployment.env if (v.name, v.environment) == (name, environment)), None)
        if known:
            known.preview, known.is_secret, known.updated_at = preview, secret, call.now
        else:
            deployment.env.append(EnvVar(
                name=name, preview=preview, environment=environment, is_secret=secret,
                created_at=call.now, updated_at=call.now,
            ))  # fmt: skip
    return answer(call, deployment)


@route("DELETE", "/deployments/<deployment_id>/env/<name>", "deployments:write")
def delete_env(call: Call) -> Response:
    if call.settings["env_delete"] != "supported":
        status = int(call.settings["env_delete"])
        raise Refusal(status, "The requested resource was not found" if status == 404 else "method not allowed")
    deployment = call.deployment()
    name = str(call.params["name"])
    environment = call.args.get("environment")
    gone = [v for v in deployment.env if v.name == name and environment in (None, v.environment)]
    if not gone:
        raise not_found("env var")
    deployment.env = [var for var in deployment.env if var not in gone]
    return call.deleted(name=name)
