"""Two versions side by side."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from deployments_ui import links
from deployments_ui.parts import Request, answer
from portal.services import versions
from portal.services.versions import Comparison

NAMES: dict[str, Promise] = {
    "artifact": _("Artifact"),
    "command": _("Command"),
    "created_at": _("Created"),
    "entrypoint": _("Entry point"),
    "environment": _("Environment"),
    "files": _("Files"),
    "health_path": _("Health check"),
    "image": _("Runtime image"),
    "kind": _("Kind"),
    "number": _("Version"),
    "port": _("Port"),
    "project": _("Project"),
    "sandbox": _("From sandbox"),
    "source": _("Source"),
    "state": _("State"),
    "total_bytes": _("Size"),
    "went_live": _("Went live"),
    "who": _("By"),
}


@require_safe
def show(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    found = versions.compare(
        by=request.person,
        slug=slug,
        deployment_id=deployment_id,
        from_id=request.GET.get("from", ""),
        to_id=request.GET.get("to", ""),
        now=timezone.now(),
    )
    return answer(request, "versions/compare.html", context_of(found), part="comparison")


def context_of(found: Comparison) -> dict[str, Any]:
    slug, deployment = found.customer.slug, found.deployment
    return {
        "found": found,
        "customer": found.customer,
        "deployment": deployment,
        "lines": [(NAMES.get(each.name, each.name), each) for each in found.differences],
        "all_same": all(each.same for each in found.differences),
        "swap_url": links.compare(slug, deployment.id, found.right.id, found.left.id),
    }
