"""Search for anything by a few letters."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from deployments_ui import htmx, links
from portal.services.queries import search
from portal.services.queries.search import Hit, Kind

KINDS: dict[Kind, Promise] = {
    Kind.CUSTOMER: _("Customer"),
    Kind.DEPLOYMENT: _("App"),
    Kind.VERSION: _("Version"),
}


@dataclass(frozen=True, slots=True)
class Result:
    hit: Hit
    kind: Promise
    url: str


@require_safe
def show(request: htmx.Request) -> HttpResponse:
    found = search.find(by=request.person, text=request.GET.get("q", "")[:200], now=timezone.now())
    results = [Result(hit, KINDS[hit.kind], url_of(hit)) for hit in found.hits]
    return htmx.render(request, "find/page.html", {"found": found, "results": results}, part="results")


def url_of(hit: Hit) -> str:
    if hit.version_id:
        return links.version(hit.slug, hit.deployment_id, hit.version_id)
    if hit.deployment_id:
        return links.deployment(hit.slug, hit.deployment_id)
    return links.customer(hit.slug)
