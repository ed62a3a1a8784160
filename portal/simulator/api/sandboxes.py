"""Sandboxes: the sources from which deployments are published (section 10.12)."""

from __future__ import annotations

from collections.abc import Iterator

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.routes import Routes
from portal.simulator.records import Sandbox

routes = Routes()


def filtered(call: Call, workspace_id: str | None = None) -> Iterator[Sandbox]:
    """Newest first, those that pass the filters of the query."""
    tags = {tag for tag in call.args.get("tags", "").split(",") if tag}
    for sandbox in call.store.newest_sandboxes(call.customer_filter()):
        if not call.matches_attribution(sandbox.attribution) or not tags <= set(sandbox.tags):
            continue
        if workspace_id in (None, sandbox.workspace_id) and call.args.get("state", sandbox.state) == sandbox.state:
            yield sandbox


@routes.get("/sandboxes", "sandboxes:read")
def list_sandboxes(call: Call) -> Response:
    return call.respond_page("sandboxes", filtered(call), call.serializer.sandbox)


@routes.get("/sandboxes/<sandbox_id>", "sandboxes:read")
def show_sandbox(call: Call) -> Response:
    return call.respond(call.serializer.sandbox(call.get_sandbox()), noun="sandbox")


@routes.get("/workspaces/<workspace_id>/sandboxes", "sandboxes:read")
def list_sandboxes_of_workspace(call: Call) -> Response:
    workspace = call.get_workspace()
    return call.respond_page("sandboxes", filtered(call, workspace.id), call.serializer.sandbox)
