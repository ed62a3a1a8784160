"""Two versions side by side."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from deployments_ui import links, sizes, states
from deployments_ui.htmx import Request, answer
from deployments_ui.times import Clock
from portal.services.queries import versions
from portal.services.queries.versions import Comparison, Difference

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


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    left: str
    right: str
    same: bool


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
    slug, deployment, clock = found.customer.slug, found.deployment, Clock.of_reader()
    return {
        "found": found,
        "customer": found.customer,
        "deployment": deployment,
        "lines": [line(each, clock) for each in found.differences if each.left or each.right],
        "all_same": all(each.same for each in found.differences),
        "swap_url": links.compare(slug, deployment.id, found.right.id, found.left.id),
    }


def line(difference: Difference, clock: Clock) -> Line:
    return Line(
        name=str(NAMES.get(difference.name, difference.name)),
        left=told(difference.name, difference.left, clock),
        right=told(difference.name, difference.right, clock),
        same=difference.same,
    )


def told(name: str, value: str | int | datetime | None, clock: Clock) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return clock.exact(value)
    if name == "total_bytes" and isinstance(value, int):
        return sizes.size(value)
    return states.kind(str(value)) if name == "kind" else str(value)
