"""The list of customers."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from deployments_ui import freshness, htmx, links, list_export
from deployments_ui.forms.attention import AttentionFilterForm, filter_query
from deployments_ui.forms.filters import FILTER_FORM
from deployments_ui.links import Pairs
from deployments_ui.pagination import read_page
from portal.services import visits
from portal.services.queries import attention_filters, customer_list
from portal.services.queries.customer_list import CustomerList

DEFAULTS = {"q": "", "sort": "name", "page": "1"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the list can be sorted by. `url` sorts by it, or the other way round if it is sorted already."""

    label: Promise
    url: str
    is_sorted: bool


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of the list; without a number it is what is left out between two of them."""

    number: int | None
    url: str
    is_current: bool


@require_safe
def index(request: htmx.Request) -> HttpResponse:
    by, now = request.person, timezone.now()
    loaded = visits.open_list(
        by=by,
        search=request.GET.get("q", ""),
        sort=request.GET.get("sort", "name"),
        page=read_page(request),
        filters=attention_filters.parse_filters(dict(request.GET.lists())),
        now=now,
    )
    found = customer_list.get_list(loaded, by=by, now=now)
    context = context_of(found)
    if freshness.seen_generation(request) == found.age.generation:
        return freshness.render_age(request, context["freshness"])
    is_typing = request.htmx.trigger == FILTER_FORM or "seen" in request.GET
    oob = ("freshness", "banner") if is_typing else ("freshness", "banner", "filters")
    response = htmx.render(request, "customers/page.html", context, part="customers", oob=oob)
    return htmx.push_url(request, response, context["page_url"])


@require_safe
def export(request: htmx.Request) -> HttpResponseBase:
    """The list as CSV, with the page's search, filters and order."""
    now = timezone.now()
    found = customer_list.iterate_rows(
        by=request.person,
        search=request.GET.get("q", ""),
        sort=request.GET.get("sort", "name"),
        filters=attention_filters.parse_filters(dict(request.GET.lists())),
        now=now,
    )
    return list_export.export_customers(found, now=now)


def context_of(found: CustomerList) -> dict[str, Any]:
    by_name = "-name" if found.sort == "name" else "name"
    query, filters = query_of(found, page=found.page), filter_query(found.filters)
    form = AttentionFilterForm(found.filters, tags=found.known_tags)
    return {
        "found": found,
        "form": form,
        "chips": form.list_chips(filters, partial(filtered_url, found)),
        "clear_url": filtered_url(found, []) if len(filters) > 1 else "",
        "freshness": freshness.of_page(query, path=links.customers(), age=found.age, part="customers", fill=found.fill),
        "page_url": list_url(found, page=found.page),
        "page_links": list_pages(found),
        "export_url": links.with_query(links.customers_export(), query_of(found)),
        "columns": [
            Column(_("Customer"), list_url(found, sort=by_name), found.sort in ("name", "-name")),
            Column(_("Apps"), list_url(found, sort="apps"), found.sort == "apps"),
            Column(_("Last publish"), list_url(found, sort="recent"), found.sort == "recent"),
        ],
    }


def list_pages(found: CustomerList) -> list[PageLink]:
    """The first, the last and those beside the current one; nothing for a single page."""
    if found.pages < 2:
        return []
    shown = Paginator(range(found.pages), 1).get_elided_page_range(found.page, on_each_side=2, on_ends=1)
    gap = PageLink(None, "", is_current=False)
    return [
        PageLink(page, list_url(found, page=page), page == found.page) if isinstance(page, int) else gap
        for page in shown
    ]


def list_url(found: CustomerList, *, page: int = 1, sort: str = "") -> str:
    return links.with_query(links.customers(), query_of(found, page=page, sort=sort))


def query_of(found: CustomerList, *, page: int = 1, sort: str = "") -> Pairs:
    query = {"q": found.search, "sort": sort or found.sort, "page": str(page)}
    return [*((name, value) for name, value in query.items() if value != DEFAULTS[name]), *filter_query(found.filters)]


def filtered_url(found: CustomerList, filters: Pairs) -> str:
    """With other filters than those in use."""
    names = {"tag", "person", "state"}
    others = [pair for pair in query_of(found) if pair[0] not in names]
    return links.with_query(links.customers(), [*others, *filters])
