"""Builds of repositories (section 10.9)."""

from __future__ import annotations

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.log_stream import stream_response, wants_stream
from portal.simulator.api.routes import Routes
from portal.simulator.errors import not_found
from portal.simulator.log_text import build_lines
from portal.simulator.records import Build

routes = Routes()


def get_build(call: Call) -> Build:
    found = call.get_deployment().find_build(str(call.params["build_id"]))
    if found is None:
        raise not_found("build")
    return found


@routes.get("/deployments/<deployment_id>/builds", "deployments:read")
def list_builds(call: Call) -> Response:
    return call.respond_page("builds", reversed(call.get_deployment().builds), call.serializer.build)


@routes.get("/deployments/<deployment_id>/builds/<build_id>", "deployments:read")
def show_build(call: Call) -> Response:
    return call.respond(call.serializer.build(get_build(call)), noun="build")


@routes.get("/deployments/<deployment_id>/builds/<build_id>/logs", "deployments:read")
def show_build_logs(call: Call) -> Response:
    build = get_build(call)
    lines = list(build_lines(build))
    if wants_stream(call):
        return stream_response(call, lines, build.state)
    return call.respond({"build_id": build.id, "deployment_id": build.deployment_id, "logs": "\n".join(lines)})
