"""One version: facts, life, log."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import ansi, links
from deployments_ui.drawing import logs
from deployments_ui.parts import Request, answer
from portal.services import versions
from portal.services.versions import VersionPage


@require_safe
def show(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    found = versions.get_version(
        by=request.person, slug=slug, deployment_id=deployment_id, version_id=version_id, now=timezone.now()
    )
    return answer(request, "versions/page.html", context_of(found), part="version")


@require_safe
def log(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    """The log as a page of its own, and as the part that the version's page loads."""
    told = versions.get_log(
        by=request.person, slug=slug, deployment_id=deployment_id, version_id=version_id, now=timezone.now()
    )
    line = request.GET.get("line", "")
    window = logs.window(
        told.text,
        line=int(line) if line.isdecimal() and len(line) < 9 else None,
        search=request.GET.get("q", "").strip()[:200],
    )
    context = {
        "told": told,
        "log": window,
        "log_url": links.version_log(slug, deployment_id, version_id),
        "text_url": links.version_log_text(slug, deployment_id, version_id),
        "version_url": links.version(slug, deployment_id, version_id),
    }
    return answer(request, "versions/log.html", context, part="log")


@require_safe
def log_text(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    """The whole log to keep, without colours."""
    told = versions.get_log(
        by=request.person, slug=slug, deployment_id=deployment_id, version_id=version_id, now=timezone.now()
    )
    text = "\n".join(ansi.strip(line) for line in (told.text or told.missing).split("\n"))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="build-log.txt"'
    return response


def context_of(found: VersionPage) -> dict[str, object]:
    slug, deployment, version = found.customer.slug, found.deployment, found.version
    live = deployment.live
    return {
        "found": found,
        "customer": found.customer,
        "deployment": deployment,
        "version": version,
        "age": found.age,
        "log_url": links.version_log(slug, deployment.id, version.id),
        "compare_url": links.compare(slug, deployment.id, version.id, live.id)
        if live and live.id != version.id
        else "",
        "previous_url": links.version(slug, deployment.id, found.previous_id) if found.previous_id else "",
        "next_url": links.version(slug, deployment.id, found.next_id) if found.next_id else "",
    }
