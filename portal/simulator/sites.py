"""The public pages of the deployments, each of which shows the number of its live version."""

from __future__ import annotations

from html import escape

from werkzeug.wrappers import Response

from portal.simulator.defaults import SITES_PREFIX
from portal.simulator.state import State

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{name}</title></head>
<body><h1>{name}</h1><p>Version <strong id="live-version">{number}</strong></p></body></html>
"""


def answer_visit(state: State, path: str) -> Response:
    slug = path.removeprefix(SITES_PREFIX).split("/")[0]
    with state.lock:
        state.catch_up()
        deployment = state.store.deployments.get(state.store.slugs.get(slug, ""))
        if deployment is None:
            return text_response("Not found", 404)
        if deployment.state == "stopped":
            return text_response("Service unavailable", 503)
        live = state.store.find_live_version(deployment)
        if live is None:
            return text_response("Nothing is published here", 404)
        page = PAGE.format(name=escape(deployment.name), number=live.version_number)
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["X-Live-Version"] = str(live.version_number)
    return response


def text_response(text: str, status: int) -> Response:
    return Response(f"{text}\n", status, content_type="text/plain; charset=utf-8")
