"""One version: facts, life, log."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import links, looking
from deployments_ui.drawing import logs
from deployments_ui.htmx import Request, answer, no_change, vary, wants_part
from portal.services import logs as services
from portal.services import visits
from portal.services.logs import LogPage
from portal.services.queries import versions
from portal.services.queries.schemas import DeploymentSummary, VersionSummary
from portal.services.queries.versions import VersionPage


@require_safe
def show(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    by, now = request.person, timezone.now()
    loaded = visits.open_version(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id, now=now)
    found = versions.get_version(loaded, by=by, now=now)
    return answer(request, "versions/page.html", context_of(found), part="version")


@require_safe
def menu(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    """What can be done with it, for the row of a timeline; else its page, which offers the same."""
    if not wants_part(request):
        return show(request, slug, deployment_id, version_id)
    found = versions.get_offers(
        by=request.person, slug=slug, deployment_id=deployment_id, version_id=version_id, now=timezone.now()
    )
    customer, deployment = found.customer, found.deployment
    context = {
        "found": found,
        "customer": customer,
        "deployment": deployment,
        "version": found.version,
        "compare_url": compare_url(customer.slug, deployment, found.version),
    }
    return vary(render(request, "versions/_menu.html", context))


@require_safe
def log(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    """The log as a page of its own, and as the part that the version's page loads."""
    told, pairs = get_log(request, slug, deployment_id, version_id)
    context = {
        "version_url": links.version(slug, deployment_id, version_id),
        **logs.context_of(
            told,
            request,
            path=links.version_log(slug, deployment_id, version_id),
            text_url=links.version_log_text(slug, deployment_id, version_id),
            pairs=pairs,
        ),
    }
    if logs.is_unchanged(request, context):
        return no_change()
    return answer(request, "versions/log.html", context, part="log")


@require_safe
def log_text(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    """The whole log to keep, without colours."""
    told, _pairs = get_log(request, slug, deployment_id, version_id)
    return logs.download(told, name="build-log.txt")


def get_log(request: Request, slug: str, deployment_id: str, version_id: str) -> tuple[LogPage, looking.Pairs]:
    """The log, of one of its stages if the reader asks for that."""
    stage = request.GET.get("stage", "")
    told = services.get_log(
        by=request.person,
        slug=slug,
        deployment_id=deployment_id,
        version_id=version_id,
        stage=stage,
        now=timezone.now(),
    )
    return told, [("stage", stage[:40])] if stage else []


def context_of(found: VersionPage) -> dict[str, object]:
    slug, deployment, version = found.customer.slug, found.deployment, found.version
    return {
        "found": found,
        "customer": found.customer,
        "deployment": deployment,
        "version": version,
        "age": found.age,
        "log_url": links.version_log(slug, deployment.id, version.id),
        "compare_url": compare_url(slug, deployment, version),
        "previous_url": links.version(slug, deployment.id, found.previous_id) if found.previous_id else "",
        "next_url": links.version(slug, deployment.id, found.next_id) if found.next_id else "",
    }


def compare_url(slug: str, deployment: DeploymentSummary, version: VersionSummary) -> str:
    """Side by side with what is live, if that is another."""
    live = deployment.live
    return links.compare(slug, deployment.id, version.id, live.id) if live and live.id != version.id else ""
