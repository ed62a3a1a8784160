"""Two versions side by side."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import htmx, links
from portal.services.queries import comparison
from portal.services.queries.comparison import Comparison


@require_safe
def show(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    found = comparison.compare(
        by=request.person,
        slug=slug,
        deployment_id=deployment_id,
        from_id=request.GET.get("from", ""),
        to_id=request.GET.get("to", ""),
        now=timezone.now(),
    )
    response = htmx.render(request, "versions/comparison.html", context_of(found), part="comparison")
    url = links.compare(found.customer.slug, found.deployment.id, found.left.id, found.right.id)
    return htmx.push_url(request, response, url)


def context_of(found: Comparison) -> dict[str, Any]:
    return {
        "customer": found.customer,
        "deployment": found.deployment,
        "found": found,
        "compare_url": links.comparison(found.customer.slug, found.deployment.id),
        "swap_url": links.compare(found.customer.slug, found.deployment.id, found.right.id, found.left.id),
    }
