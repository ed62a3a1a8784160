"""One version: its details, its timeline, its log."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import freshness, htmx, links, log_window
from portal.services import logs, visits
from portal.services.queries import versions
from portal.services.queries.schemas import DeploymentSummary, VersionSummary
from portal.services.queries.versions import VersionPage


@require_safe
def show(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    by, now = request.person, timezone.now()
    seen = freshness.seen_generation(request)
    visit = visits.poll_version if seen else visits.open_version
    found = versions.get_version(
        visit(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id, now=now), by=by, now=now
    )
    context = context_of(found)
    if seen == found.age.generation:
        return freshness.render_age(request, context["freshness"])
    return htmx.render(request, "versions/page.html", context, part="version", oob=("freshness", "banner"))


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
    by, now = request.person, timezone.now()
    if request.htmx.target == "state" and htmx.wants_part(request):
        return log_state(request, slug, deployment_id, version_id)
    loaded = visits.watch_version(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id, now=now)
    stage = request.GET.get("stage", "")
    page = logs.read_log(loaded.version, loaded.deployment, customer=loaded.customer, by=by, stage=stage, now=now)
    if log_window.is_unchanged(request, page):
        return htmx.no_change()
    part = log_window.get_part(
        request,
        page,
        path=links.version_log(slug, deployment_id, version_id),
        text_url=links.version_log_text(slug, deployment_id, version_id),
        query=[("stage", stage[:40])] if stage else [],
    )
    if htmx.wants_part(request):
        return htmx.render_parts(request, "versions/log.html", {"log": part}, "log")
    loaded = replace(loaded, failure=page.failure)
    context = log_context_of(versions.get_version(loaded, by=by, now=now))
    return htmx.render(request, "versions/log.html", context | {"log": part}, part="log")


def log_state(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    """What the log's page says above the log: the state of the version, and how old the data is."""
    by, now = request.person, timezone.now()
    polled = visits.poll_version(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id, now=now)
    found = versions.get_version(polled, by=by, now=now)
    context = log_context_of(found)
    if freshness.seen_generation(request) == found.age.generation:
        return freshness.render_age(request, context["freshness"])
    return htmx.render(request, "versions/log.html", context, part="state", oob=("freshness", "banner"))


@require_safe
def log_text(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    """The log, or that of the stage that the address names, as a file."""
    stage = request.GET.get("stage", "")
    page = logs.get_log(
        by=request.person,
        slug=slug,
        deployment_id=deployment_id,
        version_id=version_id,
        stage=stage,
        now=timezone.now(),
    )
    return log_window.download(page, name="build-log.txt")


def log_context_of(found: VersionPage) -> dict[str, Any]:
    url = links.version_log(found.customer.slug, found.deployment.id, found.version.id)
    return {
        "customer": found.customer,
        "deployment": found.deployment,
        "version": found.version,
        "found": found,
        "freshness": freshness.of_page([], path=url, age=found.age, part="state"),
    }


def context_of(found: VersionPage) -> dict[str, Any]:
    slug, deployment, version = found.customer.slug, found.deployment, found.version
    return {
        "customer": found.customer,
        "deployment": deployment,
        "version": version,
        "found": found,
        "freshness": freshness.of_page(
            [], path=links.version(slug, deployment.id, version.id), age=found.age, part="version"
        ),
        "log_url": links.version_log(slug, deployment.id, version.id),
        "compare_url": compare_url(slug, deployment, version),
        "compare_before_url": links.compare(slug, deployment.id, found.before.id, version.id) if found.before else "",
        "again_url": links.with_query(links.publication(slug, deployment.id), [("again", version.id)]),
    }


def compare_url(slug: str, deployment: DeploymentSummary, version: VersionSummary) -> str:
    """The comparison with the live version; empty if this is the live one."""
    live = deployment.live
    return links.compare(slug, deployment.id, version.id, live.id) if live and live.id != version.id else ""
