"""Customers: all that a person may see, and where everybody begins."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import links
from deployments_ui.drawing import apps
from deployments_ui.parts import Request, answer, with_address
from deployments_ui.times import Clock
from portal.services.queries import customers
from portal.services.queries.customers import CustomerList

SORTS = ("name", "-name", "recent", "apps")


@require_safe
def home(request: Request) -> HttpResponse:
    """Staff begin at the customers, a customer's people at their own."""
    if request.person.is_staff:
        return redirect(links.customers())
    homes = customers.list_homes(by=request.person)
    if len(homes) == 1:
        return redirect(links.customer(homes[0].slug))
    return render(request, "customers/homes.html", {"homes": homes})


@require_safe
def index(request: Request) -> HttpResponse:
    found = customers.list_customers(
        by=request.person,
        search=request.GET.get("q", ""),
        sort=request.GET.get("sort", "name"),
        page=page_number(request.GET.get("page", "1")),
        now=timezone.now(),
    )
    response = answer(request, "customers/list.html", context_of(found), part="customers")
    return with_address(request, response, address(found, page=found.page))


def page_number(text: str) -> int:
    """The number, or 0 for what is none: no page has it."""
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def context_of(found: CustomerList) -> dict[str, object]:
    clock = Clock.of_reader()
    return {
        "found": found,
        "rows": [
            (row, apps.draw(row.deployments, slug=row.customer.slug, clock=clock, stencil=apps.BRIEF))
            for row in found.rows
        ],
        "age": found.age,
        "newer_url": address(found, page=found.page - 1) if found.page > 1 else "",
        "older_url": address(found, page=found.page + 1) if found.page < found.pages else "",
        "columns": {
            "name": address(found, sort="-name" if found.sort == "name" else "name"),
            "apps": address(found, sort="apps"),
            "recent": address(found, sort="recent"),
        },
    }


def address(found: CustomerList, *, page: int = 1, sort: str = "") -> str:
    wanted = {"q": found.search, "sort": sort or found.sort, "page": str(page)}
    usual = {"q": "", "sort": "name", "page": "1"}
    return links.with_query(
        links.customers(), [(name, value) for name, value in wanted.items() if value != usual[name]]
    )
