"""Find anything by a few letters."""

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from deployments_ui import links
from deployments_ui.parts import Request, answer
from portal.services.queries import search
from portal.services.queries.search import Hit, Kind

KINDS: dict[Kind, Promise] = {
    Kind.CUSTOMER: _("Customer"),
    Kind.DEPLOYMENT: _("App"),
    Kind.VERSION: _("Version"),
}


@require_safe
def show(request: Request) -> HttpResponse:
    found = search.find(by=request.person, text=request.GET.get("q", "")[:200], now=timezone.now())
    hits = [(hit, KINDS[hit.kind], address(hit)) for hit in found.hits]
    return answer(request, "find/page.html", {"found": found, "hits": hits}, part="hits")


def address(hit: Hit) -> str:
    if hit.version_id:
        return links.version(hit.slug, hit.deployment_id, hit.version_id)
    return links.deployment(hit.slug, hit.deployment_id) if hit.deployment_id else links.customer(hit.slug)
