"""One instance of what runs, and its log."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import links
from deployments_ui.drawing import builds as drawing
from deployments_ui.drawing import logs
from deployments_ui.htmx import Request, answer, no_change
from portal.services import runtime
from portal.services.runtime import InstanceLog


@require_safe
def show(request: Request, slug: str, deployment_id: str, instance_id: str) -> HttpResponse:
    found = get(request, slug, deployment_id, instance_id)
    context = context_of(found, request)
    if logs.is_unchanged(request, context):
        return no_change()
    return answer(request, "runtime/page.html", context, part="log" if logs.is_search(request) else "instance")


@require_safe
def log_text(request: Request, slug: str, deployment_id: str, instance_id: str) -> HttpResponse:
    return logs.download(get(request, slug, deployment_id, instance_id).log, name="runtime-log.txt")


def get(request: Request, slug: str, deployment_id: str, instance_id: str) -> InstanceLog:
    return runtime.get_log(
        by=request.person, slug=slug, deployment_id=deployment_id, instance_id=instance_id, now=timezone.now()
    )


def context_of(found: InstanceLog, request: Request) -> dict[str, Any]:
    slug, app, instance = found.customer.slug, found.deployment.id, found.instance
    return {
        "found": found,
        "customer": found.customer,
        "deployment": found.deployment,
        "instance": instance,
        "look": drawing.instance(instance),
        "most": runtime.LINES,
        "processors": round((instance.cpu_millicores or 0) / 1000, 2),
        "lines": True,
        "tab": "builds",
        **logs.context_of(
            found.log,
            request,
            path=links.instance(slug, app, instance.id),
            text_url=links.instance_text(slug, app, instance.id),
        ),
    }
