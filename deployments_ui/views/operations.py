"""Operations: the page of one, until it is finished, and the list of all."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import dialogs, freshness, htmx, links, list_export, operation_page
from deployments_ui.tabs import list_activity_tabs, list_customer_tabs
from portal.services.operations import status
from portal.services.operations.kinds import get_kind
from portal.services.queries import operations
from portal.services.queries.operation_schemas import OperationPage

MAX_CURSOR_DIGITS = 18


@require_safe
def show(request: htmx.Request, key: UUID) -> HttpResponse:
    return respond(request, status.refresh_operation(by=request.person, key=key, now=timezone.now()))


@require_POST
def decision(request: htmx.Request, key: UUID) -> HttpResponse:
    """A person's decision about an operation with an unknown outcome."""
    choice = request.POST.get("choice", "")
    operation = status.decide(by=request.person, key=key, choice=choice, now=timezone.now())
    return respond(request, operation) if htmx.wants_part(request) else dialogs.SeeOther(links.operation(key))


def respond(request: htmx.Request, operation: OperationPage) -> HttpResponse:
    build_progress = None
    if get_kind(operation.kind).has_build_progress:
        build_progress = status.get_progress(operation, by=request.person, now=timezone.now())
    context = operation_page.context_of(operation, build_progress)
    if freshness.seen_generation(request) == context["generation"]:
        return htmx.no_change()
    response = htmx.render(request, "operations/page.html", context, part="operation")
    return dialogs.push_url(request, response, context["url"])


def read_cursor(request: htmx.Request) -> int:
    """The number below which a list goes on; 0 for its first page."""
    before = request.GET.get("before", "")
    return int(before) if before.isdecimal() and len(before) <= MAX_CURSOR_DIGITS else 0


@require_safe
def index(request: htmx.Request, slug: str = "") -> HttpResponse:
    """All operations, for staff; those of one customer, for its members too."""
    require_list(request, slug)
    cursor = read_cursor(request)
    found = operations.list_operations(by=request.person, slug=slug, before=cursor, now=timezone.now())
    path = links.customer_operations(slug) if slug else links.operations()
    context = {
        "operations": found.operations,
        "customer": found.customer,
        "tabs": list_customer_tabs(found.customer, current="activity") if found.customer else [],
        "switch": list_activity_tabs(found.customer, current="operations"),
        "newest_url": path if cursor else "",
        "older_url": links.with_query(path, [("before", found.next_cursor)]) if found.next_cursor else "",
        "export_url": links.operations_export(slug),
    }
    response = htmx.render(request, "operations/list.html", context, part="operations")
    return htmx.push_url(request, response, links.with_query(path, [("before", str(cursor))] if cursor else []))


@require_safe
def export(request: htmx.Request, slug: str = "") -> HttpResponseBase:
    """The same list as CSV."""
    require_list(request, slug)
    now = timezone.now()
    found = operations.iterate_operations(by=request.person, slug=slug, now=now)
    return list_export.export_operations(found, slug=slug, now=now)


def require_list(request: htmx.Request, slug: str) -> None:
    """Raises Http404: the list of all customers' operations is for staff."""
    if not slug and not request.person.is_staff:
        raise Http404
