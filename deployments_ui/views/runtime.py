"""One running instance of an app, and its log."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import htmx, links, log_window
from portal.services import runtime
from portal.services.runtime import InstanceLog


@require_safe
def show(request: htmx.Request, slug: str, deployment_id: str, instance_id: str) -> HttpResponse:
    found = get_instance(request, slug, deployment_id, instance_id)
    if log_window.is_unchanged(request, found.log):
        return htmx.no_change()
    log = log_window.get_part(
        request,
        found.log,
        path=links.instance(slug, deployment_id, instance_id),
        text_url=links.instance_text(slug, deployment_id, instance_id),
    )
    context = {
        "customer": found.customer,
        "deployment": found.deployment,
        "instance": found.instance,
        "log": log,
        "max_lines": runtime.LINES,
    }
    if log_window.wants_log(request):
        return htmx.render(request, "runtime/page.html", context, part="log", oob=("details",))
    return htmx.render(request, "runtime/page.html", context, part="instance")


@require_safe
def log_text(request: htmx.Request, slug: str, deployment_id: str, instance_id: str) -> HttpResponse:
    return log_window.download(get_instance(request, slug, deployment_id, instance_id).log, name="runtime-log.txt")


def get_instance(request: htmx.Request, slug: str, deployment_id: str, instance_id: str) -> InstanceLog:
    return runtime.get_log(
        by=request.person, slug=slug, deployment_id=deployment_id, instance_id=instance_id, now=timezone.now()
    )
