"""The list of customers."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from deployments_ui import freshness, htmx, links, list_export
from portal.services import visits
from portal.services.queries import customer_list
from portal.services.queries.customer_list import CustomerList


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the list can be sorted by. `url` sorts by it, or the other way round if it is sorted already."""

    label: Promise
    url: str
    is_sorted: bool


@require_safe
def index(request: htmx.Request) -> HttpResponse:
    by, now = request.person, timezone.now()
    loaded = visits.open_list(
        by=by,
        search=request.GET.get("q", ""),
        sort=request.GET.get("sort", "name"),
        page=page_number(request.GET.get("page", "1")),
        now=now,
    )
    found = customer_list.get_list(loaded, by=by, now=now)
    context = context_of(found)
    if freshness.seen_generation(request) == found.age.generation:
        return freshness.render_age(request, context["freshness"])
    oob = ("freshness", "banner")
    response = htmx.render(request, "customers/page.html", context, part="customers", oob=oob)
    return htmx.push_url(request, response, list_url(found, page=found.page))


@require_safe
def export(request: htmx.Request) -> HttpResponseBase:
    """The list as CSV, with the page's search and order."""
    now = timezone.now()
    found = customer_list.iterate_rows(
        by=request.person, search=request.GET.get("q", ""), sort=request.GET.get("sort", "name"), now=now
    )
    return list_export.export_customers(found, now=now)


def page_number(text: str) -> int:
    """The number, or 0, which is no page, for anything else."""
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def context_of(found: CustomerList) -> dict[str, Any]:
    by_name = "-name" if found.sort == "name" else "name"
    return {
        "found": found,
        "freshness": freshness.of_page(
            query_of(found, page=found.page),
            path=links.customers(),
            age=found.age,
            part="customers",
            fill=found.fill,
        ),
        "export_url": links.with_query(links.customers_export(), query_of(found)),
        "newer_url": list_url(found, page=found.page - 1) if found.page > 1 else "",
        "older_url": list_url(found, page=found.page + 1) if found.page < found.pages else "",
        "columns": [
            Column(_("Customer"), list_url(found, sort=by_name), found.sort in ("name", "-name")),
            Column(_("Apps"), list_url(found, sort="apps"), found.sort == "apps"),
            Column(_("Last publish"), list_url(found, sort="recent"), found.sort == "recent"),
        ],
    }


def list_url(found: CustomerList, *, page: int = 1, sort: str = "") -> str:
    return links.with_query(links.customers(), query_of(found, page=page, sort=sort))


def query_of(found: CustomerList, *, page: int = 1, sort: str = "") -> list[tuple[str, str]]:
    query = {"q": found.search, "sort": sort or found.sort, "page": str(page)}
    defaults = {"q": "", "sort": "name", "page": "1"}
    return [(name, value) for name, value in query.items() if value != defaults[name]]
