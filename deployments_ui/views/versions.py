"""One version: its details, its timeline, its log."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import htmx, links, log_window
from deployments_ui.freshness import Freshness
from portal.services import logs, visits
from portal.services.queries import versions
from portal.services.queries.log_pages import LogPage
from portal.services.queries.schemas import DeploymentSummary, VersionSummary
from portal.services.queries.versions import VersionPage


@require_safe
def show(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    by, now = request.person, timezone.now()
    opened = visits.open_version(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id, now=now)
    return htmx.render(
        request, "versions/page.html", context_of(versions.get_version(opened, by=by, now=now)), part="version"
    )


@require_safe
def menu(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    """The actions for a row of a timeline. Without htmx the version's page, which offers the same."""
    if not htmx.wants_part(request):
        return show(request, slug, deployment_id, version_id)
    found = versions.get_offers(
        by=request.person, slug=slug, deployment_id=deployment_id, version_id=version_id, now=timezone.now()
    )
    context = {
        "customer": found.customer,
        "deployment": found.deployment,
        "version": found.version,
        "found": found,
        "has_focus": True,
        "compare_url": compare_url(found.customer.slug, found.deployment, found.version),
    }
    return htmx.vary(render(request, "versions/menu.html", context))


@require_safe
def log(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    """The build log as a page, and as the part that the version's page loads."""
    stage = request.GET.get("stage", "")
    part = log_window.get_part(
        request,
        get_log(request, slug, deployment_id, version_id),
        path=links.version_log(slug, deployment_id, version_id),
        text_url=links.version_log_text(slug, deployment_id, version_id),
        query=[("stage", stage[:40])] if stage else [],
    )
    if log_window.is_unchanged(request, part):
        return htmx.no_change()
    context = {"log": part, "version_url": links.version(slug, deployment_id, version_id)}
    return htmx.render(request, "versions/log.html", context, part="log")


@require_safe
def log_text(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    return log_window.download(get_log(request, slug, deployment_id, version_id), name="build-log.txt")


def get_log(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> LogPage:
    """The log, or that of the stage that the address names."""
    return logs.get_log(
        by=request.person,
        slug=slug,
        deployment_id=deployment_id,
        version_id=version_id,
        stage=request.GET.get("stage", ""),
        now=timezone.now(),
    )


def context_of(found: VersionPage) -> dict[str, Any]:
    slug, deployment, version = found.customer.slug, found.deployment, found.version
    return {
        "customer": found.customer,
        "deployment": deployment,
        "version": version,
        "found": found,
        "freshness": Freshness(found.age),
        "log_url": links.version_log(slug, deployment.id, version.id),
        "compare_url": compare_url(slug, deployment, version),
    }


def compare_url(slug: str, deployment: DeploymentSummary, version: VersionSummary) -> str:
    """The comparison with the live version; empty if this is the live one."""
    live = deployment.live
    return links.compare(slug, deployment.id, version.id, live.id) if live and live.id != version.id else ""
