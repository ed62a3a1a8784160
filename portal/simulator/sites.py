"""The sites themselves: what a visitor of a deployment's public address sees."""

from __future__ import annotations

from html import escape

from werkzeug.wrappers import Response

from portal.simulator.world import World

PREFIX = "/sites/"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{name}</title></head>
<body><h1>{name}</h1><p>Version <strong id="live-version">{number}</strong></p></body></html>
"""


def answer(world: World, path: str) -> Response:
    slug = path.removeprefix(PREFIX).split("/")[0]
    deployment = world.deployments.get(world.slugs.get(slug, ""))
    if deployment is None:
        return _plain("Not found", 404)
    if deployment.state == "stopped":
        return _plain("Service unavailable", 503)
    live = world.live_version(deployment)
    if live is None:
        return _plain("Nothing is published here", 404)
    page = Response(
        _PAGE.format(name=escape(deployment.name), number=live.version_number), content_type="text/html; charset=utf-8"
    )
    page.headers["X-Live-Version"] = str(live.version_number)
    return page


def _plain(text: str, status: int) -> Response:
    return Response(f"{text}\n", status, content_type="text/plain; charset=utf-8")
