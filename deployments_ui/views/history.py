"""The history of one customer."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import freshness, htmx, links, list_export, timeline_filters
from deployments_ui.tabs import list_customer_tabs
from portal.services import visits
from portal.services.queries import history
from portal.services.queries.history import History
from portal.services.queries.schemas import Age

TEMPLATE = "history/page.html"


@require_safe
def show(request: htmx.Request, slug: str) -> HttpResponse:
    query, now = dict(request.GET.lists()), timezone.now()
    seen = freshness.seen_generation(request)
    if not seen:
        customer = visits.open_customer(by=request.person, slug=slug, now=now)
        return respond(request, history.get_history(customer, by=request.person, query=query, now=now))
    customer = visits.poll_customer(by=request.person, slug=slug, now=now)
    newer = history.find_newer(customer, by=request.person, query=query, generation=seen, now=now)
    if isinstance(newer, Age):
        path, refresh_path = links.customer(slug), links.customer_refresh(slug)
        shown = freshness.of_page(freshness.query_of(request), path=path, refresh_path=refresh_path, age=newer)
        return freshness.render_age(request, shown)
    return respond(request, newer)


@require_safe
def export(request: htmx.Request, slug: str) -> HttpResponseBase:
    """The history as CSV, with the page's filters."""
    found = history.iterate_history(by=request.person, slug=slug, query=dict(request.GET.lists()), now=timezone.now())
    return list_export.export_history(found, slug=slug, now=timezone.now())


@require_POST
def refresh(request: htmx.Request, slug: str) -> HttpResponse:
    now = timezone.now()
    customer = visits.refresh_customer(by=request.person, slug=slug, now=now)
    if not htmx.wants_part(request):
        return redirect(links.with_query(links.customer(slug), freshness.query_of(request)))
    query = dict(request.GET.lists())
    response = respond(request, history.get_history(customer, by=request.person, query=query, now=now))
    return htmx.add_toast(response, _("Updated just now."))


def respond(request: htmx.Request, found: History) -> HttpResponse:
    context = context_of(found, request.GET)
    oob = ("freshness", "banner", "summary", "actions", "apps")
    response = htmx.render(request, TEMPLATE, context, part=htmx.get_searched_part(request, "history"), oob=oob)
    return htmx.push_url(request, response, context["page_url"])


def context_of(found: History, query: QueryDict) -> dict[str, Any]:
    slug = found.customer.slug
    url = links.customer(slug)
    filtered = timeline_filters.get_context(found, query, url=url)
    is_read = not found.age.filling and found.age.as_of is not None
    return filtered | {
        "customer": found.customer,
        "tabs": list_customer_tabs(found.customer, current="history"),
        "found": found,
        "freshness": freshness.of_page(
            filtered["page_query"], path=url, refresh_path=links.customer_refresh(slug), age=found.age, fill=found.fill
        ),
        "is_empty": is_read and not found.deployments and not filtered["chips"],
        "export_url": links.with_query(links.history_export(slug), timeline_filters.filter_query(found.filters)),
    }
