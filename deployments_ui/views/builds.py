"""Builds and what runs: the tab of an app, one build with its log."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import links
from deployments_ui.drawing import builds as drawing
from deployments_ui.drawing import logs
from deployments_ui.htmx import Request, answer, no_change
from portal.services import builds
from portal.services.builds import BuildPage, BuildsPage


@require_safe
def index(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    found = builds.get_builds(by=request.person, slug=slug, deployment_id=deployment_id, now=timezone.now())
    return answer(request, "builds/list.html", list_context(found), part="builds")


@require_safe
def show(request: Request, slug: str, deployment_id: str, build_id: str) -> HttpResponse:
    found = get(request, slug, deployment_id, build_id)
    context = context_of(found, request)
    if logs.is_unchanged(request, context):
        return no_change()
    return answer(request, "builds/page.html", context, part="log" if logs.is_search(request) else "build")


@require_safe
def log_text(request: Request, slug: str, deployment_id: str, build_id: str) -> HttpResponse:
    return logs.download(get(request, slug, deployment_id, build_id).log, name="build-log.txt")


def get(request: Request, slug: str, deployment_id: str, build_id: str) -> BuildPage:
    return builds.get_build(
        by=request.person, slug=slug, deployment_id=deployment_id, build_id=build_id, now=timezone.now()
    )


def list_context(found: BuildsPage) -> Mapping[str, Any]:
    slug, app = found.customer.slug, found.deployment.id
    live = found.deployment.live
    return {
        "found": found,
        "customer": found.customer,
        "deployment": found.deployment,
        "age": found.age,
        "tab": "builds",
        "builds": [(build, drawing.build(build), links.build(slug, app, build.id)) for build in found.builds],
        "instances": [
            (instance, drawing.instance(instance), links.instance(slug, app, instance.id))
            for instance in found.instances.rows
        ],
        "live_log_url": links.version_log(slug, app, live.id) if live else "",
        "here_url": links.builds(slug, app),
        "is_open": any(build.state in drawing.OPEN for build in found.builds),
    }


def context_of(found: BuildPage, request: Request) -> dict[str, Any]:
    slug, app, build = found.customer.slug, found.deployment.id, found.build
    return {
        "found": found,
        "customer": found.customer,
        "deployment": found.deployment,
        "build": build,
        "look": drawing.build(build),
        "trigger": drawing.trigger(build.trigger),
        "lines": True,
        "tab": "builds",
        **logs.context_of(
            found.log, request, path=links.build(slug, app, build.id), text_url=links.build_text(slug, app, build.id)
        ),
    }
