"""Operations: one on its way or at its end, and all of them."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import changing, links, looking
from deployments_ui.changing import SeeOther
from deployments_ui.drawing import operations as drawing
from deployments_ui.htmx import Request, answer, no_change, wants_part
from portal.services.operations import progress, status
from portal.services.operations.kinds import get_kind
from portal.services.queries import operations
from portal.services.queries.operations import OperationList, OperationPage


@require_safe
def show(request: Request, key: UUID) -> HttpResponse:
    return drawn(request, status.refresh_operation(by=request.person, key=key, now=timezone.now()))


@require_POST
def decision(request: Request, key: UUID) -> HttpResponse:
    choice = request.POST.get("choice", "")
    found = status.decide(by=request.person, key=key, choice=choice, now=timezone.now())
    return drawn(request, found) if wants_part(request) else SeeOther(links.operation(key))


def drawn(request: Request, found: OperationPage) -> HttpResponse:
    published = None
    if get_kind(found.kind).has_build_progress:
        published = progress.get_progress(by=request.person, key=found.key, now=timezone.now())
        found = published.operation
    context = drawing.context_of(found, published)
    if looking.seen(request) == context["generation"]:
        return no_change()
    return changing.at_home(request, answer(request, "operations/page.html", context, part="operation"), context["url"])


@require_safe
def index(request: Request, slug: str = "") -> HttpResponse:
    """All operations, for the platform's people; those of one customer, for its own."""
    if not slug and not request.person.is_staff:
        raise Http404
    before = request.GET.get("before", "")
    found = operations.list_operations(
        by=request.person,
        slug=slug,
        before=int(before) if before.isdecimal() and len(before) < 19 else 0,
        now=timezone.now(),
    )
    return answer(request, "operations/list.html", list_context(found, slug, before), part="operations")


def list_context(found: OperationList, slug: str, before: str) -> dict[str, object]:
    path = links.customer_operations(slug) if slug else links.operations()
    return {
        "lines": [drawing.line(each) for each in found.operations],
        "slug": slug,
        "newest_url": path if before else "",
        "older_url": links.with_query(path, [("before", found.next_cursor)]) if found.next_cursor else "",
    }
