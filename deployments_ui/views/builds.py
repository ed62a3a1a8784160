"""The builds tab of an app, and one build with its log."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import htmx, links, log_window
from deployments_ui.freshness import Freshness
from deployments_ui.tabs import list_tabs
from portal.permissions import Person
from portal.services import builds
from portal.services.builds import BuildPage, BuildsPage

UNFINISHED = frozenset({"queued", "building"})


@require_safe
def index(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    found = builds.get_builds(by=request.person, slug=slug, deployment_id=deployment_id, now=timezone.now())
    context = list_context(found, by=request.person)
    return htmx.render(request, "builds/list.html", context, part="builds", oob=("answer", "actions", "rollback"))


@require_safe
def show(request: htmx.Request, slug: str, deployment_id: str, build_id: str) -> HttpResponse:
    found = get_build(request, slug, deployment_id, build_id)
    if log_window.is_unchanged(request, found.log):
        return htmx.no_change()
    log = log_window.get_part(
        request,
        found.log,
        path=links.build(slug, deployment_id, build_id),
        text_url=links.build_text(slug, deployment_id, build_id),
    )
    context = {
        "customer": found.customer,
        "deployment": found.deployment,
        "build": found.build,
        "log": log,
    }
    if log_window.wants_log(request):
        return htmx.render(request, "builds/page.html", context, part="log", oob=("details",))
    return htmx.render(request, "builds/page.html", context, part="build")


@require_safe
def log_text(request: htmx.Request, slug: str, deployment_id: str, build_id: str) -> HttpResponse:
    return log_window.download(get_build(request, slug, deployment_id, build_id).log, name="build-log.txt")


def get_build(request: htmx.Request, slug: str, deployment_id: str, build_id: str) -> BuildPage:
    return builds.get_build(
        by=request.person, slug=slug, deployment_id=deployment_id, build_id=build_id, now=timezone.now()
    )


def list_context(found: BuildsPage, *, by: Person) -> dict[str, Any]:
    return {
        "customer": found.customer,
        "deployment": found.deployment,
        "found": found,
        "freshness": Freshness(found.age),
        "is_changing": bool(found.instances.rows) or any(build.state in UNFINISHED for build in found.builds),
        "tabs": list_tabs(found.customer, found.deployment, by=by, current="builds"),
    }
